/* socket.c: our own TCP connections on the loopback, seen through /proc. */
#include "../../helper/service/socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

struct server {
	union address address;
	socklen_t size;
	int listener, port;
};

static bool listen_on(struct server *server, sa_family_t family)
{
	memset(server, 0, sizeof *server);
	server->address.any.sa_family = family;
	server->size = family == AF_INET ? sizeof server->address.v4 : sizeof server->address.v6;
	if (family == AF_INET)
		server->address.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else
		server->address.v6.sin6_addr = in6addr_loopback;
	server->listener = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (server->listener < 0 || bind(server->listener, &server->address.any, server->size) != 0 ||
	    listen(server->listener, 8) != 0 ||
	    getsockname(server->listener, &server->address.any, &server->size) != 0) {
		(void)close(server->listener);
		return false;
	}
	server->port = ntohs(family == AF_INET ? server->address.v4.sin_port : server->address.v6.sin6_port);
	return true;
}

static int connect_to(const struct server *server)
{
	int sock = socket(server->address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(sock >= 0);
	assert_int_equal(connect(sock, &server->address.any, server->size), 0);
	return sock;
}

static int count(pid_t pid, int port)
{
	return socket_established(pid, (const int[]){ 1, port, 0 });
}

static void counts_connections_to_the_port(void **state)
{
	struct server server;
	int socks[3];
	(void)state;
	assert_true(listen_on(&server, AF_INET));
	assert_int_equal(count(getpid(), server.port), 0); /* listening is no connection */
	for (int i = 0; i < 3; i++) {
		socks[i] = connect_to(&server);
		assert_int_equal(count(getpid(), server.port), i + 1);
	}
	assert_int_equal(socket_established(getpid(), (const int[]){ server.port, server.port, 1, 0 }), 3);
	assert_int_equal(socket_established(getpid(), (const int[]){ 0, server.port, 0 }), 0);
	assert_int_equal(socket_established(getpid(), (const int[]){ 1, 2, 0 }), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(close(socks[i]), 0);
		assert_int_equal(count(getpid(), server.port), 2 - i);
	}
	assert_int_equal(close(server.listener), 0);
}

/* The server's end of it goes to the client's port, not to its own. */
static void the_accepted_end_is_another_one(void **state)
{
	struct server server;
	(void)state;
	assert_true(listen_on(&server, AF_INET));
	int sock = connect_to(&server);
	int accepted = accept4(server.listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(accepted >= 0);
	assert_int_equal(close(sock), 0);
	assert_int_equal(count(getpid(), server.port), 0);
	assert_int_equal(close(accepted), 0);
	assert_int_equal(close(server.listener), 0);
}

static void a_closed_connection_doesnt_count(void **state)
{
	struct server server;
	(void)state;
	assert_true(listen_on(&server, AF_INET));
	int sock = connect_to(&server);
	int accepted = accept4(server.listener, NULL, NULL, SOCK_CLOEXEC);
	assert_int_equal(count(getpid(), server.port), 1);
	assert_int_equal(close(accepted), 0); /* the DC went away: CLOSE_WAIT here */
	int left = 1;
	for (int i = 0; i < 100 && left > 0; i++) {
		(void)usleep(10000);
		left = count(getpid(), server.port);
	}
	assert_int_equal(left, 0);
	assert_int_equal(close(sock), 0);
	assert_int_equal(close(server.listener), 0);
}

/* The connection is in the same table, but it isn't that process's. */
static void others_dont_have_it(void **state)
{
	struct server server;
	int pipes[2], status;
	char byte;
	(void)state;
	assert_true(listen_on(&server, AF_INET));
	int sock = connect_to(&server);
	assert_int_equal(pipe(pipes), 0);
	pid_t pid = fork();
	if (pid == 0) {
		(void)close(sock);
		(void)close(pipes[1]);
		_exit(read(pipes[0], &byte, 1) != 0);
	}
	(void)close(pipes[0]);
	int tries = 200;
	while (tries-- > 0 && count(pid, server.port) != 0) /* until it has closed its copy */
		(void)usleep(5000);
	assert_int_equal(count(pid, server.port), 0);
	assert_int_equal(count(getpid(), server.port), 1);
	(void)close(pipes[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(count(pid, server.port), 0); /* gone altogether */
	assert_int_equal(close(sock), 0);
	assert_int_equal(close(server.listener), 0);
}

static void of_the_other_family_too(void **state)
{
	struct server server;
	(void)state;
	if (!listen_on(&server, AF_INET6))
		skip();
	int sock = connect_to(&server);
	assert_int_equal(count(getpid(), server.port), 1);
	assert_int_equal(close(sock), 0);
	assert_int_equal(count(getpid(), server.port), 0);
	assert_int_equal(close(server.listener), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_connections_to_the_port),   cmocka_unit_test(the_accepted_end_is_another_one),
		cmocka_unit_test(a_closed_connection_doesnt_count), cmocka_unit_test(others_dont_have_it),
		cmocka_unit_test(of_the_other_family_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
