# libnss_retrust.so.2 and what tests it; included by the Makefile.

NSS := $(call objs,$(call src,nss))
# noseparate-code: two mappings fewer, which is 10 of the 115 microseconds of a process' first call.
$(B)/libnss_retrust.so.2: $(NSS) $(B)/libclient.a $(B)/libbase.a nss/nss_retrust.map
	@echo '  link $@'
	$(Q)$(CC) $(ALL_LDFLAGS) -shared -Wl,--version-script=nss/nss_retrust.map -Wl,-soname,libnss_retrust.so.2 \
	    -Wl,-z,noseparate-code -o $@ $(NSS) $(B)/libclient.a $(B)/libbase.a

# The unit tests load a module that looks for its files and its door below the working directory.
NSS_TESTS   := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/test_nss*.c))
NSS_PLACES  := -URT_RUNDIR -DRT_RUNDIR='"run"' -URT_LIBEXECDIR -DRT_LIBEXECDIR='"libexec"' -URT_CACHEDIR -DRT_CACHEDIR='"cache"'
NSS_SOURCES := $(call src,nss helper/client) helper/base/deadline.c
$(B)/unit/libnss_retrust.so: $(NSS_SOURCES) nss/nss_retrust.map $(wildcard nss/*.h helper/client/*.h include/retrust/*.h)
	@mkdir -p $(@D)
	@echo '  link $@'
	$(Q)$(CC) $(filter-out -MMD -MP,$(ALL_CFLAGS)) $(NSS_PLACES) $(ALL_LDFLAGS) -shared \
	    -Wl,--version-script=nss/nss_retrust.map -o $@ $(NSS_SOURCES)
$(NSS_TESTS): | $(B)/unit/libnss_retrust.so

# The torture of the mapped file's readers, under a sanitizer: $(B)/torture-address, $(B)/torture-thread.
TORTURE_SOURCES := tests/nss/torture.c $(NSS_SOURCES) $(wildcard helper/store/identities*.c) helper/store/file.c helper/base/fault.c
$(B)/torture-%: $(TORTURE_SOURCES) $(wildcard nss/*.h helper/store/*.h include/retrust/*.h tests/unit/nss_stage.h)
	@mkdir -p $(@D)
	@echo '  link $@'
	$(Q)$(CC) -std=gnu11 -O1 -g -D_GNU_SOURCE -Iinclude $(WARNINGS) $(PATHS) $(NSS_PLACES) -DRT_VIEW_EVERY_MS=1 -fsanitize=$* -fno-sanitize-recover=all \
	    -o $@ $(TORTURE_SOURCES) -lcmocka -ldl -lpthread
torture: $(B)/torture-address,undefined $(B)/torture-thread   ## replace the identities file while threads read it
	tests/run-unit $^
.PHONY: torture

# The fuzz target of the file reads it as both sides do.
NSS_FUZZ := $(addprefix nss/,find.c pack.c snapshot.c view.c verdict.c) helper/store/identities_record.c helper/store/identities_image.c helper/store/file.c
$(B)/fuzz/fuzz_identities: FUZZ_SOURCES += $(NSS_FUZZ)
$(B)/fuzz/fuzz_identities: PATHS += $(NSS_PLACES)
$(B)/fuzz/fuzz_identities: $(NSS_FUZZ)
