/* helper/directory/descriptor.c: malformed descriptors of every kind are refused, and never read or written beyond. */
#include "descriptor_sample.h"

static void truncated_input_is_malformed(void **state)
{
	(void)state;
	for (size_t len = 0; len < sizeof computer; len++)
		assert_int_equal(grant_copy(computer, len), -1);
}

static void refuse(size_t at, unsigned int value)
{
	uint8_t sd[COMPUTER_SIZE];
	memcpy(sd, computer, sizeof sd);
	put16(sd + at, value);
	assert_int_equal(grant_copy(sd, sizeof sd), -1);
}

static void bad_header_is_malformed(void **state)
{
	(void)state;
	refuse(0, 2);        /* revision */
	refuse(2, 0x0c17);   /* not self-relative */
	refuse(2, 0x8c13);   /* no DACL */
	refuse(DACL, 0);     /* a NULL DACL: everybody may everything */
	refuse(DACL, 19);    /* inside the header */
	refuse(DACL, 2199);  /* beyond */
	refuse(DACL + 2, 1); /* far beyond */
	refuse(OWNER, 4);    /* inside the header */
	refuse(OWNER, 2190); /* cut off */
	refuse(OWNER, 400);  /* inside the DACL, no SID there */
	refuse(GROUP + 2, 0xffff);
	refuse(SACL, 2196);
	refuse(SACL, DACL_AT); /* the DACL itself */
	refuse(20, 2);         /* revision of the owner's SID */
	refuse(20, 0x1001);    /* 16 sub-authorities */
}

static void bad_acl_is_malformed(void **state)
{
	(void)state;
	refuse(DACL_AT, 1); /* revision */
	refuse(DACL_AT, 5);
	refuse(DACL_AT + 2, 4);    /* smaller than its header */
	refuse(DACL_AT + 2, 2005); /* beyond the end */
	refuse(DACL_AT + 2, 1998); /* odd */
	refuse(DACL_AT + 4, 42);   /* one ACE too many */
	refuse(DACL_AT + 4, 0xffff);
	refuse(DACL_AT + 10, 0); /* the first ACE's size: would never end */
	refuse(DACL_AT + 10, 4);
	refuse(DACL_AT + 10, 10); /* no room for a SID */
	refuse(DACL_AT + 10, 0xfffc);
	refuse(DACL_AT + 16, 0xff01); /* its SID: more sub-authorities than fit */
	refuse(76, 9);                /* SACL: revision */
	refuse(76 + 10, 0);           /* SACL: an ACE of no size */
}

static void owner_inside_the_dacl_is_refused(void **state)
{
	(void)state;
	uint8_t sd[128], aces[64];
	size_t size = plain_ace(aces, 0, 0), len = build(sd, aces, size, 1);
	put16(sd + OWNER, 28 + 8); /* a sound SID, but one that would be torn */
	assert_int_equal(grant_copy(sd, len), -1);
}

/* What is behind the end of a part belongs to somebody else, also when it would make a sound SID or ACE. */
static void parts_end_where_they_end(void **state)
{
	(void)state;
	uint8_t sd[256], aces[128];
	memcpy(aces, ace, ACE_SIZE);
	size_t size = ACE_SIZE + plain_ace(aces + ACE_SIZE, 0, 0), len = build(sd, aces, size, 2);
	for (size_t cut = 1; cut <= SID_SIZE; cut++) /* the owner stands last */
		assert_int_equal(grant_copy(sd, len - cut), -1);
	assert_int_equal(descriptor_revoke(sd, len, sid, SID_SIZE, out, sizeof out), (long)(len - ACE_SIZE));
	sd[28 + 29]++; /* the SID reaches into the next ACE */
	assert_int_equal(grant_copy(sd, len), -1);
	sd[28 + 29]--;
	sd[28 + ACE_SIZE + 2] = 24; /* the last ACE reaches into the owner */
	assert_int_equal(grant_copy(sd, len), -1);
	sd[28 + ACE_SIZE + 2] = 20;
	put16(sd + SACL, (unsigned int)(28 + size)); /* an ACL that reaches beyond the end */
	put16(sd + OWNER, 0);
	memset(sd + 28 + size, 0, SID_SIZE);
	sd[28 + size] = 4;
	sd[28 + size + 2] = SID_SIZE + 4;
	assert_int_equal(grant_copy(sd, len), -1);
	sd[28 + size + 2] = SID_SIZE;
	assert_true(descriptor_revoke(sd, len, sid, SID_SIZE, out, sizeof out) > 0);
}

static void bad_sids_and_small_buffers_are_refused(void **state)
{
	(void)state;
	uint8_t wrong[SID_SIZE];
	memcpy(wrong, sid, SID_SIZE);
	const size_t need = COMPUTER_SIZE + ACE_SIZE;
	assert_int_equal(descriptor_grant_reset(computer, sizeof computer, sid, SID_SIZE, out, need), (long)need);
	assert_int_equal(descriptor_grant_reset(computer, sizeof computer, sid, SID_SIZE, out, need - 1), -1);
	assert_int_equal(descriptor_revoke(computer, sizeof computer, sid, SID_SIZE, out, sizeof computer - 1), -1);
	assert_int_equal(descriptor_grant_reset(computer, sizeof computer, sid, SID_SIZE - 1, out, sizeof out), -1);
	assert_int_equal(descriptor_grant_reset(computer, sizeof computer, sid, 0, out, sizeof out), -1);
	wrong[0] = 2;
	assert_int_equal(descriptor_grant_reset(computer, sizeof computer, wrong, SID_SIZE, out, sizeof out), -1);
	assert_int_equal(descriptor_revoke(computer, sizeof computer, wrong, SID_SIZE, out, sizeof out), -1);
}

/* A DACL has a 16-bit size. */
static void a_full_dacl_is_refused(void **state)
{
	(void)state;
	static uint8_t sd[DESCRIPTOR_MAX], aces[65500];
	size_t size = 0;
	unsigned int count = 0;
	for (; size + 20 <= 65480; count++)
		size += plain_ace(aces + size, 0, 0);
	size_t len = build(sd, aces, size, count);
	put16(sd + OWNER, 0);
	assert_int_equal(descriptor_grant_reset(sd, len - SID_SIZE, sid, SID_SIZE, out, sizeof out), -1);
	assert_int_equal(descriptor_revoke(sd, len - SID_SIZE, sid, SID_SIZE, out, sizeof out), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(truncated_input_is_malformed),
		cmocka_unit_test(bad_header_is_malformed),
		cmocka_unit_test(bad_acl_is_malformed),
		cmocka_unit_test(owner_inside_the_dacl_is_refused),
		cmocka_unit_test(bad_sids_and_small_buffers_are_refused),
		cmocka_unit_test(a_full_dacl_is_refused),
		cmocka_unit_test(parts_end_where_they_end),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
