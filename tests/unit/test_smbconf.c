/* smbconf.c: what smb.conf says of the membership. */
#include "../../helper/base/smbconf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char path[] = "/tmp/test_smbconf.XXXXXX";
static struct smbconf conf;

static void read_text(const char *text)
{
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	memset(&conf, 0x5a, sizeof conf);
	smbconf_read(path, &conf);
}

static void indented(void **state)
{
	(void)state;
	read_text("# as Debian ships it\n[global]\n\tworkgroup = LAB\n\trealm = LAB.EXAMPLE\n\tsecurity = ads\n"
	          "   kerberos method = secrets and keytab\n\t; a comment\n\tnetbios name = WEB1\n"
	          "\tpassword server = pdc1 *\n\tmachine password timeout = 0\n[homes]\n\tworkgroup = OTHER\n");
	assert_string_equal(conf.workgroup, "LAB");
	assert_string_equal(conf.realm, "LAB.EXAMPLE");
	assert_string_equal(conf.security, "ads");
	assert_string_equal(conf.netbios_name, "WEB1");
	assert_string_equal(conf.password_server, "pdc1 *");
	assert_true(conf.keeps_keytab);
	assert_int_equal(conf.password_timeout, 0);
}

static void names_as_samba_compares_them(void **state)
{
	(void)state;
	read_text("[Global]\nWorkGroup=lab\nNetBIOSName = web1\nKERBEROS  METHOD = Secrets Only\nrealmx = NO\nreal = NO\n");
	assert_string_equal(conf.workgroup, "lab");
	assert_string_equal(conf.netbios_name, "web1");
	assert_string_equal(conf.realm, "");
	assert_false(conf.keeps_keytab);
}

static void keytab_methods(void **state)
{
	static const struct {
		const char *text;
		bool keeps;
	} rows[] = {
		{ "[global]\n", false },
		{ "[global]\nkerberos method = default\n", false },
		{ "[global]\nkerberos method = system keytab\n", true },
		{ "[global]\nkerberos method = dedicated keytab\n", true },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		read_text(rows[i].text);
		assert_int_equal(conf.keeps_keytab, rows[i].keeps);
	}
}

static void no_file_and_junk(void **state)
{
	char text[4096];
	(void)state;
	memset(&conf, 0x5a, sizeof conf);
	smbconf_read("/nonexistent/smb.conf", &conf);
	assert_string_equal(conf.workgroup, "");
	assert_int_equal(conf.password_timeout, 604800);
	read_text("[global\nworkgroup\n= LAB\n\x80\xff\n");
	assert_string_equal(conf.workgroup, "");
	/* Too long for a name: none rather than a part of it. */
	(void)snprintf(text, sizeof text, "[global]\nworkgroup = %0100d\nrealm = R\n", 7);
	read_text(text);
	assert_string_equal(conf.workgroup, "");
	assert_string_equal(conf.realm, "R");
}

static int setup(void **state)
{
	(void)state;
	int fd = mkstemp(path);
	return fd < 0 ? -1 : close(fd);
}

static int teardown(void **state)
{
	(void)state;
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(indented),
		cmocka_unit_test(names_as_samba_compares_them),
		cmocka_unit_test(keytab_methods),
		cmocka_unit_test(no_file_and_junk),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
