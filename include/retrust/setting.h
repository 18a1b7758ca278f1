/* The settings of retrust.conf: one table for the parser, the manual page and the example file.
 *
 * Columns of RT_SETTINGS(X): key, type (TEXT, PATH, BOOL, NUMBER), default as text, least, most (NUMBER only), help.
 */
#ifndef RETRUST_SETTING_H
#define RETRUST_SETTING_H

/* clang-format off */
#define RT_SETTINGS(X)                                                                                                 \
  X(realm, TEXT, "", 0, 0,                                                                                             \
    "Kerberos realm of the domain. Empty: found in the keytab, or remembered from a healthy time.")                    \
  X(domain, TEXT, "", 0, 0,                                                                                            \
    "NetBIOS name of the domain, for messages. Empty: asked from the domain controller.")                              \
  X(account, TEXT, "", 0, 0,                                                                                           \
    "Name of the computer account with its $. Empty: found in the keytab, or remembered.")                             \
  X(dc, TEXT, "", 0, 0,                                                                                                \
    "Use this domain controller and no other. Empty: found by DNS SRV records.")                                       \
  X(keytab, PATH, "/etc/krb5.keytab", 0, 0, "The keytab that holds the computer account's keys.")                      \
  X(secrets_tdb, PATH, "/var/lib/samba/private/secrets.tdb", 0, 0,                                                     \
    "Samba's database of secrets. It counts as a store where it knows the domain.")                                    \
  X(max_secret_age, NUMBER, "30", 1, 999,                                                                              \
    "Days after which the timer's `retrust rotate --if-due` changes the machine password (NT 4.0: 7).")                \
  X(remember_for, NUMBER, "30", 1, 3650,                                                                               \
    "Days for which a user or group that was seen stays known while the domain can't be asked.")                       \
  X(least_id, NUMBER, "1000", 500, 4000000000, "The least uid and gid that is remembered: below it are system users.")  \
  X(tls_ca_file, PATH, "", 0, 0,                                                                                       \
    "Pinned CA certificate (PEM) that proves the domain controller when an administrator types a password. "           \
    "Empty: root is asked to compare the certificate's fingerprint.")                                                  \
  X(repair_at_logon, BOOL, "yes", 0, 0,                                                                                \
    "Repair without an administrator when a logon finds the channel broken. no: only say what is wrong.")              \
  X(allow_rc4, BOOL, "no", 0, 0,                                                                                       \
    "Also write RC4 (arcfour-hmac) keys into the keytab. Leave it off unless an old domain needs them.")               \
  X(verdict_seconds, NUMBER, "2", 1, 60,                                                                               \
    "How long a verdict answers further logons without asking the domain controller again.")
/* clang-format on */

#endif
