/* Times lookups of users by name: nss_measure HOW WHAT USERS THREADS
 *                                nss_measure direct|glibc compare MODULE MODULE...
 *
 * HOW: the name of a module (its getpwnam_r is called directly) or "glibc" (nsswitch.conf says which).
 * WHAT: hit, miss (each a median of batches, ns of CPU time a call), or first (the first hit in this process, with
 * loading the module, ns of CPU time). Names are taken in random order; a hit must be the right user.
 * compare: misses of several modules in one process on one processor, in turn, so that what else the machine does and
 * where things lie in memory meets all alike; a line "MODULE NS" each, the median of the rounds. nsswitch.conf is
 * written for each turn.
 */
#include <dlfcn.h>
#include <nss.h>
#include <pthread.h>
#include <pwd.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BATCHES = 9, MOST_THREADS = 8, AT_ONCE = 1000000 };
enum { TURNS = 301, TURN_CALLS = 4000, MOST_MODULES = 4 };
static const double batch_ns = 120e6, warm_ns = 4e9;

typedef enum nss_status lookup(const char *, struct passwd *, char *, size_t, int *);

static lookup *direct; /* NULL: through glibc */
static bool miss;
static uint32_t users;
static double results[MOST_THREADS];
static pthread_barrier_t barrier;

static double clock_ns(clockid_t clock)
{
	struct timespec ts;
	(void)clock_gettime(clock, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static double now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

/* What the calls cost, not what else the machine did meanwhile. */
static double cpu_ns(void)
{
	return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

/* Digits by hand: printf costs more than a lookup. */
static void make_name(char *name, uint32_t n)
{
	char digits[12];
	int len = 0;
	memcpy(name, miss ? "none" : "user", 4);
	do
		digits[len++] = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	for (name += 4; len > 0;)
		*name++ = digits[--len];
	*name = '\0';
}

static void look_up(uint32_t n)
{
	char name[24], buffer[1024];
	struct passwd pwd = { 0 };
	struct passwd *result = NULL;
	int error = 0;
	make_name(name, n);
	bool found;
	if (direct != NULL) {
		found = direct(name, &pwd, buffer, sizeof buffer, &error) == NSS_STATUS_SUCCESS;
	} else {
		(void)getpwnam_r(name, &pwd, buffer, sizeof buffer, &result);
		found = result != NULL;
	}
	if (found == !miss && (miss || strcmp(pwd.pw_name, name) == 0))
		return;
	(void)fprintf(stderr, "nss_measure: wrong answer for %s (%d)\n", name, error);
	exit(1);
}

static uint32_t next(uint64_t *random)
{
	*random = *random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((*random >> 33) % users);
}

static int compare(const void *a, const void *b)
{
	double d = *(const double *)a - *(const double *)b;
	return d < 0 ? -1 : d > 0;
}

/* What making the names costs, so that it can be taken off. */
static double overhead(uint64_t random)
{
	char name[24];
	double began = cpu_ns();
	for (int i = 0; i < AT_ONCE; i++) {
		make_name(name, next(&random));
		__asm__ volatile("" : : "r"(name) : "memory");
	}
	return (cpu_ns() - began) / AT_ONCE;
}

static void warm_up(void)
{
	double began = now_ns();
	for (uint32_t n = 0; n < users && now_ns() - began < warm_ns; n++)
		look_up(n);
}

static void *measure(void *data)
{
	size_t thread = (size_t)(uintptr_t)data;
	uint64_t random = 88172645463325252u + thread;
	double batches[BATCHES];
	(void)pthread_barrier_wait(&barrier);
	for (int b = 0; b < BATCHES; b++) {
		long calls = 0;
		long chunk = 1;
		double began = cpu_ns();
		double took;
		do {
			for (long i = 0; i < chunk; i++)
				look_up(next(&random));
			calls += chunk;
			took = cpu_ns() - began;
			if (took < batch_ns / 64)
				chunk *= 2;
		} while (took < batch_ns);
		batches[b] = took / (double)calls;
	}
	qsort(batches, BATCHES, sizeof *batches, compare);
	results[thread] = batches[BATCHES / 2];
	return NULL;
}

static lookup *load(const char *module)
{
	char path[64], symbol[64];
	(void)snprintf(path, sizeof path, "libnss_%s.so.2", module);
	(void)snprintf(symbol, sizeof symbol, "_nss_%s_getpwnam_r", module);
	void *handle = dlopen(path, RTLD_NOW);
	lookup *function = handle != NULL ? (lookup *)dlsym(handle, symbol) : NULL;
	if (function == NULL) {
		(void)fprintf(stderr, "nss_measure: %s\n", dlerror());
		exit(1);
	}
	return function;
}

static void measure_threads(size_t threads)
{
	pthread_t ids[MOST_THREADS];
	double sum = 0;
	warm_up();
	double names = overhead(1);
	(void)pthread_barrier_init(&barrier, NULL, (unsigned int)threads);
	for (size_t i = 0; i < threads; i++)
		if (pthread_create(&ids[i], NULL, measure, (void *)(uintptr_t)i) != 0)
			exit(1);
	for (size_t i = 0; i < threads; i++) {
		(void)pthread_join(ids[i], NULL);
		sum += results[i] - names;
	}
	printf("%.1f\n", sum / (double)threads);
}

static void stay_on_this_processor(void)
{
	cpu_set_t one;
	CPU_ZERO(&one);
	CPU_SET((size_t)sched_getcpu(), &one);
	(void)sched_setaffinity(0, sizeof one, &one);
}

static void write_nsswitch(const char *module)
{
	FILE *file = fopen("/etc/nsswitch.conf.new", "we");
	if (file == NULL || fprintf(file, "passwd: %s\ngroup: files\n", module) < 0 || fclose(file) != 0 ||
	    rename("/etc/nsswitch.conf.new", "/etc/nsswitch.conf") != 0) {
		perror("nss_measure: /etc/nsswitch.conf");
		exit(1);
	}
}

/* ns a call. The first calls of a turn load what the other modules' turns have driven out. */
static double take_turn(void)
{
	uint64_t random = 88172645463325252u;
	for (int i = 0; i < TURN_CALLS / 10; i++)
		look_up(next(&random));
	double began = cpu_ns();
	for (int i = 0; i < TURN_CALLS; i++)
		look_up(next(&random));
	return (cpu_ns() - began) / TURN_CALLS;
}

static int compare_modules(bool through_glibc, char **modules, int count)
{
	static double turns[MOST_MODULES][TURNS];
	lookup *functions[MOST_MODULES] = { NULL };
	if (count > MOST_MODULES)
		return 64;
	stay_on_this_processor();
	for (int m = 0; m < count && !through_glibc; m++)
		functions[m] = load(modules[m]);
	double names = overhead(1);
	for (int turn = 0; turn < TURNS; turn++) {
		for (int i = 0; i < count; i++) {
			int m = (turn + i) % count;
			if (through_glibc)
				write_nsswitch(modules[m]);
			direct = functions[m];
			turns[m][turn] = take_turn() - names;
		}
	}
	for (int m = 0; m < count; m++) {
		qsort(turns[m], TURNS, sizeof turns[m][0], compare);
		printf("%s %.1f\n", modules[m], turns[m][TURNS / 2]);
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 4 && strcmp(argv[2], "compare") == 0) {
		miss = true;
		users = AT_ONCE;
		return compare_modules(strcmp(argv[1], "glibc") == 0, argv + 3, argc - 3);
	}
	if (argc != 5) {
		(void)fprintf(stderr, "usage: nss_measure HOW WHAT USERS THREADS\n");
		return 64;
	}
	users = (uint32_t)strtoul(argv[3], NULL, 10);
	size_t threads = strtoul(argv[4], NULL, 10);
	miss = strcmp(argv[2], "miss") == 0;
	double began = cpu_ns();
	if (strcmp(argv[1], "glibc") != 0)
		direct = load(argv[1]);
	if (strcmp(argv[2], "first") == 0) {
		look_up(users / 2);
		printf("%.1f\n", cpu_ns() - began);
		return 0;
	}
	measure_threads(threads > MOST_THREADS || threads == 0 ? 1 : threads);
	return 0;
}
