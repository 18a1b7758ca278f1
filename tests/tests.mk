# Tests, checks and the demo; included by the Makefile.

LISTS_BUILD := tests/packages.build
LISTS_CHECK := $(LISTS_BUILD) tests/packages.check tests/lab/packages

# Unit tests: one program a file, linked with everything but the entry points and the PAM module.
UNITS := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/test_*.c))
ARCHIVES := $(B)/libengine.a $(B)/libcommand.a $(B)/libclient.a $(B)/libbase.a
$(B)/unit/%: $(B)/tests/unit/%.o $(ARCHIVES)
	@mkdir -p $(@D)
	@echo '  link $@'
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $< -Wl,--start-group $(ARCHIVES) -Wl,--end-group $(LIBS) \
	    -lcmocka -lpam

# The PAM tests load a module that looks for its door, its helper and passwd below the working directory, and one that
# plays the identity service's. Both stand beside the tests.
PAM_TESTS   := $(B)/unit/test_pam $(B)/unit/test_pam_session
PAM_PLACES  := -URT_RUNDIR -DRT_RUNDIR='"run"' -URT_LIBEXECDIR -DRT_LIBEXECDIR='"libexec"' -DRT_PASSWD_FILE='"passwd"'
PAM_SOURCES := $(call src,pam_module helper/client) helper/base/deadline.c
$(B)/unit/pam_retrust.so: $(PAM_SOURCES) pam_module/pam_retrust.map $(wildcard pam_module/*.h helper/client/*.h include/retrust/*.h)
	@mkdir -p $(@D)
	@echo '  link $@'
	$(Q)$(CC) $(filter-out -MMD -MP,$(ALL_CFLAGS)) $(PAM_PLACES) $(ALL_LDFLAGS) -shared \
	    -Wl,--version-script=pam_module/pam_retrust.map -o $@ $(PAM_SOURCES) -lpam
$(B)/unit/pam_role.so: tests/unit/pam_role.c
	@mkdir -p $(@D)
	@echo '  link $@'
	$(Q)$(CC) $(filter-out -MMD -MP,$(ALL_CFLAGS)) $(ALL_LDFLAGS) -shared -o $@ $< -lpam
$(PAM_TESTS): | $(B)/unit/pam_retrust.so $(B)/unit/pam_role.so

unit: $(UNITS)   ## build and run the unit tests
	tests/run-unit $(UNITS)
san:   ## the unit tests under AddressSanitizer and UBSan
	+$(Q)$(MAKE) --no-print-directory B=$(B)/san SAN=1 OPTIMIZE='-O1 -g' unit

# Fuzz targets run with a fixed seed for a bounded time. libFuzzer needs clang.
FUZZERS := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_SECONDS ?= 5
FUZZ_FLAGS := -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -std=gnu11 -D_GNU_SOURCE -Iinclude
fuzz: $(addprefix $(B)/fuzz/,$(FUZZERS))   ## run the fuzz targets, FUZZ_SECONDS each
	tests/run-fuzz $(FUZZ_SECONDS) $^
FUZZ_SOURCES := $(call src,helper/client) helper/directory/descriptor.c helper/directory/netlogon_ping.c helper/base/deadline.c \
	helper/base/fault.c helper/store/samba_blob.c helper/secret/secret.c helper/directory/rpc_pdu.c \
	helper/directory/ndr.c helper/directory/netlogon_message.c helper/directory/stream.c helper/directory/smb_pipe.c \
	helper/directory/smb_session.c helper/directory/smb2_message.c helper/directory/ntlm.c
$(B)/fuzz/%: tests/fuzz/%.c $(FUZZ_SOURCES)
	@mkdir -p $(@D)
	@echo '  fuzz $@'
	$(Q)clang $(FUZZ_FLAGS) $(PATHS) -o $@ $< $(FUZZ_SOURCES) $(shell pkg-config --libs libcrypto)

layers: $(BINARIES)   ## the modules link libc and libpam only, calls go downwards
	tests/layers $(B)

lint:   ## static analysis of C and shell
	tests/lint

format:   ## reformat the C sources in place
	clang-format -i $$(git ls-files '*.c' '*.h')

e2e: all   ## the tests on a real domain (root)
	tests/run-e2e

deps:   ## install what the checks need (root, Debian)
	tests/lab/deps.sh $(LISTS_CHECK)

check:   ## all tests, as CI runs them (root: they make namespaces)
	@tests/lab/deps.sh $(LISTS_CHECK)
	@tests/check

demo:   ## the main job before your eyes on a real domain (root)
	@tests/lab/deps.sh $(LISTS_BUILD) tests/lab/packages
	@$(MAKE) --no-print-directory -j2 all >/dev/null
	@tests/demo

lab:   ## leave a domain with a member running, to play with (root)
	@tests/lab/deps.sh $(LISTS_BUILD) tests/lab/packages
	@$(MAKE) --no-print-directory -j2 all >/dev/null
	@tests/lab/lab up

bench: all   ## speed side by side with adcli, net and kinit (root)
	@tests/lab/deps.sh $(LISTS_CHECK)
	@tests/bench/run

bench-nss: all   ## the NSS module beside libnss-extrausers, libnss-cache and nss_sss (root, some minutes)
	@tests/lab/deps.sh $(LISTS_CHECK) tests/packages.bench
	@tests/bench/nss
.PHONY: bench-nss

# The crash tests in a process: the engine with a model DC, its folders relative to the test's own.
CRASH := $(B)/crash/fast
$(CRASH): tests/crash/fast.c tests/crash/model_dc.c tests/crash/model_none.c tests/crash/cut.c $(wildcard helper/*/*.c helper/*/*.h)
	+$(Q)$(MAKE) --no-print-directory B=$(B)/crash LOCALSTATEDIR=. RUNSTATEDIR=. SYSCONFDIR=. crash-program
crash-program: $(patsubst %,$(B)/tests/crash/%.o,fast model_dc model_none cut) $(ARCHIVES)
	@echo '  link $(B)/fast'
	$(Q)$(CC) $(ALL_LDFLAGS) -rdynamic -o $(B)/fast $(filter %.o,$^) -Wl,--start-group $(ARCHIVES) -Wl,--end-group $(LIBS) -lcmocka -ldl
crash-fast: $(CRASH)   ## cut the engine at every step, against a model DC
	tests/run-unit $(CRASH)
.PHONY: crash-fast crash-program

# The crash matrix on a real domain. Its client stands between a request and the traced helper.
$(B)/crash-drive: $(B)/tests/crash/drive.o $(B)/libclient.a $(B)/libbase.a
	@echo '  link $@'
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^
crash:   ## kill rotate and repair everywhere on a real domain, the peers beside them (root, some minutes)
	@tests/lab/deps.sh $(LISTS_BUILD) tests/lab/packages tests/packages.crash
	@$(MAKE) --no-print-directory -j2 all $(B)/crash-drive >/dev/null
	@tests/crash/run $(B)/crash-drive
.PHONY: crash
