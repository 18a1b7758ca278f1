/* The protocol between a client (PAM module, NSS module, command) and the helper.
 *
 *   client                                   helper (one process per connection)
 *     │  REQUEST {verb, flags, timeout, …}        │
 *     ├──────────────────────────────────────────►│
 *     │                       STEP {step, words}  │   any number
 *     │◄──────────────────────────────────────────┤
 *     │                       ASK {question}      │   only where the request's flag RT_FLAG_CAN_ASK is set
 *     │◄──────────────────────────────────────────┤
 *     │  ANSWER {yes}                             │
 *     ├──────────────────────────────────────────►│
 *     │                       RESULT {…}          │   exactly one, then the helper closes
 *     │◄──────────────────────────────────────────┤
 *
 * Transport: AF_UNIX SOCK_SEQPACKET, one message a packet, at most RT_MSG_MAX bytes. A message is a header of 8 bytes
 *
 *     u32 magic "rtr1" (0x31727472, little endian) · u16 type · u16 number of fields
 *
 * followed by that many fields, each u16 tag · u16 length · length bytes. Integers are u32, little endian. Text is
 * UTF-8 without NUL. An unknown tag is skipped (so either side may be newer); an unknown type, a field that runs over the
 * end of the packet, a packet with bytes left over, a tag that appears twice, or text with a NUL is a protocol error
 * and ends the connection. One file descriptor may come with a REQUEST (SCM_RIGHTS): the credential file named by
 * RT_TAG_CRED_KIND.
 *
 * Nothing here allocates; the code uses libc only, keeps no state and is safe in any thread.
 */
#ifndef RETRUST_PROTO_H
#define RETRUST_PROTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RT_PROTO_MAGIC 0x31727472u
#define RT_MSG_MAX 16384u
#define RT_SOCKET_PATH "helper.sock" /* below the project's run directory */

enum rt_msg_type { RT_MSG_REQUEST = 1, RT_MSG_STEP = 2, RT_MSG_ASK = 3, RT_MSG_ANSWER = 4, RT_MSG_RESULT = 5 };

enum rt_verb {
	RT_VERB_LOGON = 1,  /* a logon failed: judge, repair what needs no administrator, say whether to try again */
	RT_VERB_STATUS = 2, /* what is known, without the network */
	RT_VERB_VERIFY = 3, /* ask the DC now, change nothing */
	RT_VERB_REPAIR = 4, /* verify, and repair */
	RT_VERB_ENROLL = 5, /* make the spare key */
	RT_VERB_UNENROLL = 6,
	RT_VERB_ROTATE = 7, /* change the machine password of a healthy host now */
	RT_VERB_LOOKUP = 8, /* a user or group that nobody knows: repair what needs no administrator, remember it */
	RT_VERB_REMEMBER = 9, /* remember users and groups; RT_TAG_NAME and the flags say whom */
	RT_VERB_COUNT
};

enum rt_lookup_kind {
	RT_LOOKUP_USER_NAME = 1,
	RT_LOOKUP_USER_ID = 2,
	RT_LOOKUP_GROUP_NAME = 3,
	RT_LOOKUP_GROUP_ID = 4
};

enum rt_flag {
	RT_FLAG_PLAN = 1u << 0,    /* repair: say what would be done, do nothing */
	RT_FLAG_CAN_ASK = 1u << 1, /* somebody is there to answer an ASK */
	RT_FLAG_VERBOSE = 1u << 2,
	RT_FLAG_IF_DUE = 1u << 3, /* rotate: only when the secret is old enough and nobody else rotates it */
	RT_FLAG_GROUP = 1u << 4,  /* remember: the name is a group's, all its members are meant */
	RT_FLAG_SEEN = 1u << 5,   /* remember: everybody who has logged on here */
	RT_FLAG_WINBIND = 1u << 6 /* logon: winbind refused it, or let it pass, not SSSD */
};

enum rt_cred_kind {
	RT_CRED_NONE = 0,
	RT_CRED_PASSWORD = 1, /* RT_TAG_CRED_USER and RT_TAG_CRED_SECRET */
	RT_CRED_CCACHE = 2,   /* a descriptor of the file comes along */
	RT_CRED_KEYTAB = 3    /* a descriptor of the file comes along; RT_TAG_CRED_USER may name the principal */
};

/* Fields. U: u32, T: text, S: secret bytes. */
enum rt_tag {
	/* REQUEST */
	RT_TAG_VERB = 1,        /* U enum rt_verb */
	RT_TAG_FLAGS = 2,       /* U bits of enum rt_flag */
	RT_TAG_TIMEOUT_MS = 3,  /* U for the whole request; the helper caps it at 600000; 0 or absent = 15000 */
	RT_TAG_DC = 4,          /* T use this DC and no other */
	RT_TAG_CRED_KIND = 5,   /* U enum rt_cred_kind */
	RT_TAG_CRED_USER = 6,   /* T user or principal */
	RT_TAG_CRED_SECRET = 7, /* S password; the receiver wipes the packet */
	RT_TAG_ACCEPT_DC = 8,   /* T SHA-256 fingerprint that root accepts, hex with or without colons */
	RT_TAG_CONTAINER = 9,   /* T enroll: DN of the container for the spare account */
	/* STEP */
	RT_TAG_STEP = 16,  /* U enum rt_step */
	RT_TAG_WORD1 = 17, /* T */
	RT_TAG_WORD2 = 18, /* T */
	/* ASK: a question for root, several lines */
	RT_TAG_QUESTION = 24, /* T */
	/* ANSWER */
	RT_TAG_YES = 28, /* U 1 = yes */
	/* RESULT */
	RT_TAG_EXIT = 32,      /* U exit code of the contract */
	RT_TAG_CONDITION = 33, /* U enum rt_condition, as it is now */
	RT_TAG_RETRY = 34,     /* U 1 = trying the logon again makes sense */
	RT_TAG_REPAIRED = 35,  /* U 1 = this request, or the one it waited for, repaired the channel */
	RT_TAG_USER_FAULT = 36, /* U 1 = channel and service are healthy: it was the user's password */
	RT_TAG_WORDS = 37,     /* T one sentence for the person at logon, or absent */
	RT_TAG_ERROR = 38,     /* T one line for the operator: what failed, where, and the next step; or absent */
	RT_TAG_JSON = 39,      /* T the whole result as the JSON object of the contract; to root only */
	/* REQUEST of RT_VERB_LOOKUP, and the name alone of RT_VERB_REMEMBER and RT_VERB_LOGON (the person at the door); its RESULT says RT_TAG_RETRY where the identities file now knows the answer */
	RT_TAG_NAME = 40, /* T user or group */
	RT_TAG_ID = 41,   /* U uid or gid */
	RT_TAG_KIND = 42, /* U enum rt_lookup_kind */
	/* REQUEST of RT_VERB_LOGON: when the identity service had answered; absent = as the request came */
	RT_TAG_FAILED_MS = 43 /* U the low 32 bits of CLOCK_BOOTTIME in milliseconds */
};

/* A message under construction or taken apart. len bytes of buf are in use. */
struct rt_msg {
	size_t len;
	size_t pos; /* reading: where the next field starts */
	bool bad;   /* writing: something did not fit */
	uint8_t buf[RT_MSG_MAX];
};

struct rt_field {
	uint16_t tag;
	uint16_t len;
	const uint8_t *data; /* points into the message */
};

/* Starts a message of that type. */
void proto_begin(struct rt_msg *msg, enum rt_msg_type type);

/* Append a field. What doesn't fit (or a text longer than 65535 bytes) sets msg->bad; NULL text is left out. */
void proto_put_u32(struct rt_msg *msg, enum rt_tag tag, uint32_t value);
void proto_put_text(struct rt_msg *msg, enum rt_tag tag, const char *text);
void proto_put_bytes(struct rt_msg *msg, enum rt_tag tag, const void *data, size_t len);

/* Checks a received message as a whole (header, every field's bounds, no tag twice, no bytes left over) and rewinds
 * it. Returns the type, or -1 with nothing usable. After success the getters below can't run over the packet. */
int proto_check(struct rt_msg *msg);

/* Steps through the fields of a checked message. Returns false at the end. */
bool proto_next(struct rt_msg *msg, struct rt_field *ret_field);

/* Finds one field of a checked message. Returns false when it is absent, or (u32) not four bytes long. */
bool proto_get_u32(const struct rt_msg *msg, enum rt_tag tag, uint32_t *ret_value);

/* Copies a text field into buf, terminated. Returns its length; 0 with an empty buf when absent; -1 when it doesn't
 * fit or contains a NUL (buf is empty then). */
int proto_get_text(const struct rt_msg *msg, enum rt_tag tag, char *buf, size_t size);

/* The bytes of a field inside the message. Returns false when absent. */
bool proto_get_bytes(const struct rt_msg *msg, enum rt_tag tag, struct rt_field *ret_field);

/* Sends a finished message, with fd as SCM_RIGHTS where fd >= 0. Never raises SIGPIPE, never blocks longer than
 * timeout_ms. Returns 0, or -1 with errno (EMSGSIZE where msg->bad, ETIMEDOUT, EPIPE …). The caller keeps fd. */
int proto_send(int sock, const struct rt_msg *msg, int fd, int timeout_ms);

/* Receives one packet within timeout_ms and checks it. *ret_fd becomes a descriptor (close-on-exec, owned by the caller)
 * or -1; ret_fd may be NULL: a descriptor that comes then is closed. Returns the type, 0 when the peer closed, or -1
 * with errno (ETIMEDOUT; EPROTO for a message that proto_check refuses or that was cut). */
int proto_recv(int sock, struct rt_msg *msg, int *ret_fd, int timeout_ms);

/* Overwrites the message, so that no secret stays in memory. */
void proto_wipe(struct rt_msg *msg);

#endif
