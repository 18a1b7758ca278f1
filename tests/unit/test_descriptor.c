/* helper/directory/descriptor.c: a real descriptor's ACE in and out again. */
#include "descriptor_sample.h"

static void grant_is_what_the_dc_shows(void **state)
{
	(void)state;
	const size_t first = DACL_AT + 8;
	assert_int_equal(grant_copy(computer, sizeof computer), COMPUTER_SIZE + ACE_SIZE);
	assert_int_equal(get16(out + DACL_AT + 2), get16(computer + DACL_AT + 2) + ACE_SIZE);
	assert_int_equal(get16(out + DACL_AT + 4), get16(computer + DACL_AT + 4) + 1);
	assert_memory_equal(out, computer, DACL_AT);
	assert_memory_equal(out + first, ace, ACE_SIZE);
	assert_memory_equal(out + first + ACE_SIZE, computer + first, COMPUTER_SIZE - first);
}

static void revoke_gives_the_original(void **state)
{
	(void)state;
	long len = grant_copy(computer, sizeof computer);
	assert_int_equal(descriptor_revoke(out, (size_t)len, sid, SID_SIZE, back, sizeof back), COMPUTER_SIZE);
	assert_memory_equal(back, computer, COMPUTER_SIZE);
}

static void both_are_idempotent(void **state)
{
	(void)state;
	long len = grant_copy(computer, sizeof computer);
	assert_int_equal(descriptor_grant_reset(out, (size_t)len, sid, SID_SIZE, back, sizeof back), 0);
	assert_int_equal(descriptor_revoke(computer, sizeof computer, sid, SID_SIZE, back, sizeof back), 0);
}

static void another_sid_gets_its_own_ace(void **state)
{
	(void)state;
	uint8_t other[SID_SIZE];
	memcpy(other, sid, SID_SIZE);
	other[SID_SIZE - 4]++;
	long len = grant_copy(computer, sizeof computer);
	long both = descriptor_grant_reset(out, (size_t)len, other, SID_SIZE, back, sizeof back);
	assert_int_equal(both, len + ACE_SIZE);
	assert_int_equal(descriptor_revoke(back, (size_t)both, sid, SID_SIZE, out, sizeof out), len);
	assert_int_equal(descriptor_grant_reset(out, (size_t)len, other, SID_SIZE, back, sizeof back), 0);
	assert_int_equal(descriptor_grant_reset(out, (size_t)len, sid, SID_SIZE, back, sizeof back), len + ACE_SIZE);
}

/* Only an ACE that really gives the right counts as there: a single byte's difference in type, flags, mask or GUID is
 * another right. */
static void other_rights_of_the_sid_do_not_count(void **state)
{
	(void)state;
	static const struct {
		size_t at;
		uint8_t value;
	} changes[] = { { 0, 6 }, { 1, 0x08 }, { 1, 0x0a }, { 5, 0 }, { 8, 0 }, { 8, 3 }, { 12, 0x71 }, { 27, 0x2a } };
	uint8_t sd[256], wrong[ACE_SIZE];
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		memcpy(wrong, ace, ACE_SIZE);
		wrong[changes[i].at] = changes[i].value;
		size_t len = build(sd, wrong, ACE_SIZE, 1);
		long result = descriptor_grant_reset(sd, len, sid, SID_SIZE, out, sizeof out);
		/* with other GUID flags the SID is elsewhere: then it isn't a sound ACE at all */
		assert_true(result == (long)(len + ACE_SIZE) || (changes[i].at == 8 && result == -1));
	}
}

static void new_ace_stands_in_canonical_order(void **state)
{
	(void)state;
	uint8_t sd[512], aces[256];
	size_t denied = plain_ace(aces, 1, 0);
	denied += plain_ace(aces + denied, 1, 0x02);
	size_t all = denied + plain_ace(aces + denied, 0, 0);
	all += plain_ace(aces + all, 1, 0x10);
	all += plain_ace(aces + all, 0, 0x12);
	size_t len = build(sd, aces, all, 5);
	assert_int_equal(grant_copy(sd, len), len + ACE_SIZE);
	assert_memory_equal(out + 28, aces, denied);
	assert_memory_equal(out + 28 + denied, ace, ACE_SIZE);
	assert_memory_equal(out + 28 + denied + ACE_SIZE, aces + denied, all - denied);
	assert_int_equal(get16(out + OWNER), 28 + all + ACE_SIZE);
	assert_memory_equal(out + get16(out + OWNER), sid, SID_SIZE);
	assert_int_equal(descriptor_revoke(out, len + ACE_SIZE, sid, SID_SIZE, back, sizeof back), (long)len);
	assert_memory_equal(back, sd, len);
}

static void inherited_denials_do_not_come_first(void **state)
{
	(void)state;
	uint8_t sd[128], aces[64];
	size_t size = plain_ace(aces, 1, 0x10), len = build(sd, aces, size, 1);
	assert_int_equal(grant_copy(sd, len), len + ACE_SIZE);
	assert_memory_equal(out + 28, ace, ACE_SIZE);
}

static void works_on_an_empty_dacl(void **state)
{
	(void)state;
	uint8_t sd[128];
	size_t len = build(sd, (const uint8_t *)"", 0, 0);
	assert_int_equal(grant_copy(sd, len), len + ACE_SIZE);
	assert_memory_equal(out + 28, ace, ACE_SIZE);
}

static void revoke_takes_every_ace_of_the_sid(void **state)
{
	(void)state;
	uint8_t sd[512], aces[256];
	memcpy(aces, ace, ACE_SIZE);
	size_t size = ACE_SIZE + plain_ace(aces + ACE_SIZE, 0, 0);
	/* allow everything, for the SID: an ACE of another type */
	const uint8_t head[] = { 0, 0, 8 + SID_SIZE, 0, 0xff, 0x01, 0x0f, 0x00 };
	memcpy(aces + size, head, sizeof head);
	memcpy(aces + size + sizeof head, sid, SID_SIZE);
	size += sizeof head + SID_SIZE;
	size_t len = build(sd, aces, size, 3);
	assert_int_equal(descriptor_revoke(sd, len, sid, SID_SIZE, out, sizeof out), (long)(28 + 20 + SID_SIZE));
	assert_int_equal(get16(out + 24), 1);
	assert_memory_equal(out + 28, aces + ACE_SIZE, 20);
	assert_memory_equal(out + get16(out + OWNER), sid, SID_SIZE);
}

/* All the ACE types that hold a SID: plain ones, object ones, and the conditional ones of both kinds. */
static void revoke_knows_every_type_with_a_sid(void **state)
{
	(void)state;
	static const uint8_t plain[] = { 0, 1, 9, 10 }, object[] = { 5, 6, 11, 12 };
	uint8_t sd[256], one[ACE_SIZE];
	for (size_t i = 0; i < 4; i++) {
		const uint8_t head[] = { plain[i], 0, 8 + SID_SIZE, 0, 0xff, 0x01, 0x0f, 0x00 };
		memcpy(one, head, sizeof head);
		memcpy(one + sizeof head, sid, SID_SIZE);
		size_t len = build(sd, one, sizeof head + SID_SIZE, 1);
		assert_int_equal(descriptor_revoke(sd, len, sid, SID_SIZE, out, sizeof out), 28 + SID_SIZE);
		memcpy(one, ace, ACE_SIZE);
		one[0] = object[i];
		len = build(sd, one, ACE_SIZE, 1);
		assert_int_equal(descriptor_revoke(sd, len, sid, SID_SIZE, out, sizeof out), 28 + SID_SIZE);
	}
}

static void denials_of_every_type_come_first(void **state)
{
	(void)state;
	static const uint8_t denials[] = { 1, 10 };
	uint8_t sd[256], aces[128];
	for (size_t i = 0; i < sizeof denials; i++) {
		size_t size = plain_ace(aces, denials[i], 0), len = build(sd, aces, size, 1);
		assert_int_equal(grant_copy(sd, len), len + ACE_SIZE);
		assert_memory_equal(out + 28 + size, ace, ACE_SIZE);
	}
	for (uint8_t type = 6; type <= 12; type += 6) {
		memcpy(aces, ace, ACE_SIZE);
		aces[0] = type;
		size_t len = build(sd, aces, ACE_SIZE, 1);
		assert_int_equal(descriptor_grant_reset(sd, len, sid, SID_SIZE, out, sizeof out),
		                 (long)(len + ACE_SIZE));
		assert_memory_equal(out + 28 + ACE_SIZE, ace, ACE_SIZE);
	}
}

/* An ACL without object ACEs may have revision 2; with one it must not. */
static void revision_follows_the_object_ace(void **state)
{
	(void)state;
	uint8_t sd[128], aces[64];
	size_t size = plain_ace(aces, 0, 0), len = build(sd, aces, size, 1);
	sd[20] = 2;
	assert_int_equal(grant_copy(sd, len), len + ACE_SIZE);
	assert_int_equal(out[20], 4);
}

static void revoke_stays_inside_its_input(void **state)
{
	(void)state;
	size_t len = COMPUTER_SIZE + ACE_SIZE;
	uint8_t *sd = malloc(len), *room = malloc(len);
	assert_non_null(sd);
	assert_non_null(room);
	assert_int_equal(descriptor_grant_reset(computer, sizeof computer, sid, SID_SIZE, sd, len), (long)len);
	assert_int_equal(descriptor_revoke(sd, len, sid, SID_SIZE, room, len), COMPUTER_SIZE);
	assert_memory_equal(room, computer, COMPUTER_SIZE);
	free(sd);
	free(room);
}

/* The ACL's spare room at its end and ACEs of a type that we don't know stay. */
static void what_is_not_ours_stays(void **state)
{
	(void)state;
	uint8_t sd[256],
		aces[] = { 200, 0, 16, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, /* room: */ 0xee, 0xee, 0xee, 0xee };
	size_t len = build(sd, aces, 20, 1);
	assert_int_equal(grant_copy(sd, len), len + ACE_SIZE);
	assert_int_equal(descriptor_revoke(out, len + ACE_SIZE, sid, SID_SIZE, back, sizeof back), (long)len);
	assert_memory_equal(back, sd, len);
}

static void sid_as_text(void **state)
{
	(void)state;
	const uint8_t nobody[] = { 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, bare[] = { 1, 0, 0, 0, 0, 0, 0, 5 };
	const uint8_t large[] = { 1, 1, 0x12, 0x34, 0, 0, 0, 0xab, 0xff, 0xff, 0xff, 0xff };
	const char text[] = "S-1-5-21-3908160742-1832298569-59179115-1189";
	char buf[64];
	assert_int_equal(descriptor_sid_text(sid, SID_SIZE, buf, sizeof buf), (int)strlen(text));
	assert_string_equal(buf, text);
	assert_int_equal(descriptor_sid_text(sid, SID_SIZE, buf, strlen(text)), -1);
	assert_int_equal(descriptor_sid_text(sid, SID_SIZE - 4, buf, sizeof buf), -1);
	assert_int_equal(descriptor_sid_text(sid, 0, buf, sizeof buf), -1);
	assert_int_equal(descriptor_sid_text(sid, SID_SIZE, buf, 3), -1);
	assert_true(descriptor_sid_text(nobody, sizeof nobody, buf, sizeof buf) > 0);
	assert_string_equal(buf, "S-1-0-0");
	assert_true(descriptor_sid_text(bare, sizeof bare, buf, sizeof buf) > 0);
	assert_string_equal(buf, "S-1-5");
	assert_true(descriptor_sid_text(large, sizeof large, buf, sizeof buf) > 0);
	assert_string_equal(buf, "S-1-0x1234000000AB-4294967295");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grant_is_what_the_dc_shows),
		cmocka_unit_test(revoke_gives_the_original),
		cmocka_unit_test(both_are_idempotent),
		cmocka_unit_test(another_sid_gets_its_own_ace),
		cmocka_unit_test(other_rights_of_the_sid_do_not_count),
		cmocka_unit_test(new_ace_stands_in_canonical_order),
		cmocka_unit_test(inherited_denials_do_not_come_first),
		cmocka_unit_test(works_on_an_empty_dacl),
		cmocka_unit_test(revoke_takes_every_ace_of_the_sid),
		cmocka_unit_test(revoke_knows_every_type_with_a_sid),
		cmocka_unit_test(denials_of_every_type_come_first),
		cmocka_unit_test(revision_follows_the_object_ace),
		cmocka_unit_test(revoke_stays_inside_its_input),
		cmocka_unit_test(what_is_not_ours_stays),
		cmocka_unit_test(sid_as_text),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
