/* Fuzz target for the identities file as the NSS module reads it, and as the helper does: whatever the bytes, every
 * call ends, stays inside them, and nobody becomes root.
 *
 * An input that begins with 'e' is edits (place, place, value) of a real file, whose check sums are then made right
 * again, so that the edits are reached; anything else is the file.
 */
#include "../../helper/store/identities_image.h"
#include "../../nss/pack.h"
#include "../../nss/view.h"
#include "../unit/traces.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool condition)
{
	if (!condition)
		abort();
}

/* Where the module looks: RT_CACHEDIR is "cache" below it, and the file has to be root's. */
static char folder[] = "/tmp/fuzz_identities.XXXXXX";

static void leave_folder(void)
{
	traces_leave(folder);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	bool whole;
	(void)argc, (void)argv;
	demand(traces_become_root(&whole));
	traces_enter(folder);
	demand(mkdir("cache", 0755) == 0 && atexit(leave_folder) == 0);
	return 0;
}

static void write_file(const uint8_t *data, size_t size)
{
	int fd = open("cache/" RT_IDENTITIES_FILE, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	demand(fd >= 0 && write(fd, data, size) == (ssize_t)size && close(fd) == 0);
}

static void check_line(const char *text)
{
	demand(strchr(text, ':') == NULL && strchr(text, '\n') == NULL);
}

static void check_user(const struct passwd *pwd)
{
	demand(pwd->pw_uid >= RT_LEAST_ID && pwd->pw_gid >= RT_LEAST_ID && pwd->pw_name[0] != '\0');
	check_line(pwd->pw_name);
	check_line(pwd->pw_gecos);
	check_line(pwd->pw_dir);
	check_line(pwd->pw_shell);
}

static void look_up_user(const char *name, uint32_t id, size_t size)
{
	struct passwd pwd;
	struct query query = { .name = name, .id = id };
	char *buffer = malloc(size + 1); /* of exactly its size */
	struct pack pack = { .pwd = &pwd, .buffer = buffer, .size = size };
	demand(buffer != NULL);
	if (find_one(&query, VIEW_RECENT, pack_user, &pack) == LOOK_FOUND) {
		check_user(&pwd);
		demand(name != NULL ? strcmp(name, pwd.pw_name) == 0 : pwd.pw_uid == id);
	}
	free(buffer);
}

static void look_up_group(const char *name, uint32_t id, size_t size)
{
	struct group grp;
	struct query query = { .group = true, .name = name, .id = id };
	char *buffer = malloc(size + 1);
	struct pack pack = { .grp = &grp, .buffer = buffer, .size = size };
	demand(buffer != NULL);
	if (find_one(&query, VIEW_RECENT, pack_group, &pack) == LOOK_FOUND) {
		demand(grp.gr_gid >= RT_LEAST_ID);
		for (char **member = grp.gr_mem; *member != NULL; member++)
			check_line(*member);
	}
	free(buffer);
}

static void look_up_gids(const char *name)
{
	long start = 1;
	long size = 1;
	gid_t *gids = calloc(1, sizeof *gids);
	struct query query = { .name = name };
	struct pack_gids list = { .skip = 0, .start = &start, .size = &size, .gids = &gids, .limit = 0 };
	(void)find_one(&query, VIEW_RECENT, pack_gids, &list);
	for (long i = 1; i < start; i++)
		demand(gids[i] >= RT_LEAST_ID);
	free(gids);
}

static void list_all(bool group)
{
	static char buffer[1 << 16];
	struct passwd pwd;
	struct group grp;
	struct pack pack = { .pwd = &pwd, .grp = &grp, .buffer = buffer, .size = sizeof buffer };
	_Atomic uint64_t pos = 0;
	for (int i = 0; i < 100; i++)
		if (find_next(group, &pos, group ? pack_group : pack_user, &pack) == LOOK_ABSENT)
			break;
}

static void check(const uint8_t *data, size_t size)
{
	struct view view;
	write_file(data, size);
	if (view_hold(VIEW_FRESH, &view) == LOOK_FOUND)
		view_release(&view);
	for (uint32_t i = 0; i < 12; i++) {
		char name[16];
		(void)snprintf(name, sizeof name, i < 9 ? "user%u" : "group%u", i);
		look_up_user(name, 0, 200);
		look_up_user(NULL, 2000 + i, i * 10);
		look_up_group(name, 0, 5000);
		look_up_group(NULL, 3000 + i, i * 20);
		look_up_gids(name);
	}
	look_up_user(NULL, 0, 200);
	list_all(false);
	list_all(true);
	view_end();
}

/* As the helper reads it. */
static void check_records(const uint8_t *data, size_t size)
{
	for (int kind = IDENTITIES_USER; kind <= IDENTITIES_GROUP; kind++) {
		size_t pos = 0;
		const uint8_t *record;
		while ((record = identities_image_next(data, (enum identities_kind)kind, 1000, &pos)) != NULL) {
			size_t len = identities_record_len(record, (enum identities_kind)kind);
			demand(record >= data && len <= size - (size_t)(record - data));
			check_line(identities_record_name(record, (enum identities_kind)kind));
		}
	}
}

static void check_image(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size + 1);
	demand(copy != NULL);
	memcpy(copy, data, size);
	if (identities_image_unseal(copy, size))
		check_records(copy, size / sizeof(struct rt_block) * RT_CHUNK);
	free(copy);
}

static size_t sample(uint8_t **ret_image)
{
	static const char *const members[] = { "user0", "user1", "user2" };
	static const uint8_t *records[2][16];
	static uint32_t gids[1500];
	struct identities_list lists[2] = { { .records = records[0] }, { .records = records[1] } };
	struct identities_stamp stamp = { .keep_seconds = UINT32_MAX, .least_id = 1000 };
	for (uint32_t i = 0; i < 1500; i++)
		gids[i] = 3000 + i;
	for (uint32_t i = 0; i < 9; i++) {
		char name[16];
		uint8_t *record;
		(void)snprintf(name, sizeof name, "user%u", i);
		struct identities_user user = { .name = name,
			                        .uid = 2000 + i,
			                        .gid = 2000,
			                        .home = "/home",
			                        .shell = "/bin/sh",
			                        .groups = gids,
			                        .group_count = i == 8 ? 1500 : i };
		demand(identities_record_user(&user, 1000, (int64_t)time(NULL), &record) == IDENTITIES_KEPT);
		records[0][lists[0].count++] = record;
		(void)snprintf(name, sizeof name, "group%u", i + 3);
		struct identities_group group = {
			.name = name, .gid = 3003 + i, .members = members, .member_count = i % 4
		};
		demand(identities_record_group(&group, 1000, (int64_t)time(NULL), &record) == IDENTITIES_KEPT);
		records[1][lists[1].count++] = record;
	}
	size_t len = identities_image_make(lists, &stamp, ret_image, NULL);
	demand(len > 0);
	return len;
}

/* Makes all check sums and numbers right. */
static void seal(uint8_t *image, size_t len)
{
	struct rt_identities header;
	struct rt_block block;
	memcpy(&header, image, sizeof header);
	header.check = identities_sum(&header, offsetof(struct rt_identities, check));
	memcpy(image, &header, sizeof header);
	for (size_t i = 0; i < len / sizeof block; i++) {
		memcpy(&block, image + i * sizeof block, sizeof block);
		block.number = (uint32_t)i;
		block.sum = identities_seal(&block, header.check);
		memcpy(image + i * sizeof block, &block, sizeof block);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t *image;
	static size_t image_len;
	if (image == NULL)
		image_len = sample(&image);
	if (size == 0 || data[0] != 'e') {
		check(data, size);
		check_image(data, size);
		return 0;
	}
	uint8_t *edited = malloc(image_len);
	demand(edited != NULL);
	memcpy(edited, image, image_len);
	for (size_t i = 1; i + 3 <= size; i += 3)
		edited[((size_t)data[i] << 8 | data[i + 1]) % image_len] = data[i + 2];
	seal(edited, image_len);
	check(edited, image_len);
	check_image(edited, image_len);
	free(edited);
	return 0;
}
