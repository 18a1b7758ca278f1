/* Fuzz target for the protocol's parser: any bytes at all, as a peer may send them.
 *
 * With clang's libFuzzer: -fsanitize=fuzzer,address,undefined. Anywhere else -DFUZZ_STANDALONE adds a main() that runs
 * a bounded number of damaged and random messages from a fixed seed: fuzz_proto [ROUNDS].
 */
#include <retrust/proto.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool condition)
{
	if (!condition)
		abort();
}

/* What holds for every message that proto_check() lets through. */
static void use_checked(struct rt_msg *msg)
{
	struct rt_field field;
	struct rt_field found;
	char text[64];
	uint32_t value;
	size_t end = 8;
	while (proto_next(msg, &field)) {
		enum rt_tag tag = (enum rt_tag)field.tag;
		demand(field.data == msg->buf + end + 4);
		end += 4u + field.len;
		demand(end <= msg->len);
		demand(proto_get_bytes(msg, tag, &found) && found.data == field.data && found.len == field.len);
		demand(proto_get_u32(msg, tag, &value) == (field.len == 4));
		int len = proto_get_text(msg, tag, text, sizeof text);
		demand(len == -1 || (size_t)len == strlen(text));
		demand((len >= 0) == (field.len < sizeof text && memchr(field.data, 0, field.len) == NULL));
	}
	demand(end == msg->len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rt_msg msg;
	memset(&msg, 0xa5, sizeof msg);
	msg.len = size;
	memcpy(msg.buf, data, size < sizeof msg.buf ? size : sizeof msg.buf);
	if (proto_check(&msg) >= 0) {
		use_checked(&msg);
	} else {
		struct rt_field field;
		char text[8];
		demand(!proto_next(&msg, &field) && !proto_get_bytes(&msg, RT_TAG_VERB, &field));
		demand(proto_get_text(&msg, RT_TAG_DC, text, sizeof text) == 0);
	}
	return 0;
}

#ifdef FUZZ_STANDALONE

static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* A good message of a few random fields. */
static void make_message(struct rt_msg *msg, uint64_t *seed)
{
	uint8_t bytes[300];
	memset(bytes, 'b', sizeof bytes);
	proto_begin(msg, (enum rt_msg_type)(1 + next_random(seed) % 5));
	for (uint64_t fields = next_random(seed) % 6; fields > 0; fields--) {
		enum rt_tag tag = (enum rt_tag)(next_random(seed) % 48);
		proto_put_bytes(msg, tag, bytes, next_random(seed) % 2 == 0 ? 4 : next_random(seed) % sizeof bytes);
	}
}

/* Up to three bytes changed, mostly those of lengths, tags and counts; sometimes cut or lengthened. */
static void damage(struct rt_msg *msg, uint64_t *seed)
{
	for (uint64_t changes = next_random(seed) % 4; changes > 0; changes--)
		msg->buf[next_random(seed) % msg->len] = (uint8_t)next_random(seed);
	if (next_random(seed) % 4 == 0)
		msg->len = next_random(seed) % (msg->len + 8);
}

int main(int argc, char **argv)
{
	static struct rt_msg msg;
	uint64_t seed = 0x9e3779b97f4a7c15u;
	long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : 300000;
	long accepted = 0;
	for (long i = 0; i < rounds; i++) {
		make_message(&msg, &seed);
		damage(&msg, &seed);
		struct rt_msg copy = msg;
		accepted += proto_check(&copy) >= 0;
		(void)LLVMFuzzerTestOneInput(msg.buf, msg.len);
	}
	printf("fuzz_proto: %ld messages, %ld accepted\n", rounds, accepted);
	return accepted > 0 && accepted < rounds ? 0 : 1;
}

#endif
