# retrust: `make help` lists what there is. Objects go to $(B), nothing into the source folders.
#
# install honours DESTDIR, PREFIX, SYSCONFDIR, LOCALSTATEDIR, RUNSTATEDIR, LIBDIR and PAMDIR.

B       ?= build
CC      ?= cc
PREFIX  ?= /usr
SYSCONFDIR    ?= /etc
LOCALSTATEDIR ?= /var
RUNSTATEDIR   ?= /run
# Where this distribution looks for modules: Debian's multiarch folder, Fedora's lib64, or lib.
MULTIARCH := $(shell $(CC) -print-multiarch 2>/dev/null)
LIBDIR  ?= $(firstword $(if $(MULTIARCH),$(wildcard $(PREFIX)/lib/$(MULTIARCH))) $(wildcard $(PREFIX)/lib64) $(PREFIX)/lib)
PAMDIR  ?= $(LIBDIR)/security
SBINDIR    := $(PREFIX)/sbin
LIBEXECDIR := $(PREFIX)/libexec/retrust
MANDIR     := $(PREFIX)/share/man
UNITDIR    := $(PREFIX)/lib/systemd/system
VERSION := 0.1.0
UNITS_SYSTEMD := retrust-helper.socket retrust-helper@.service retrust-check.service retrust-check.timer \
                 retrust-rotate.service retrust-rotate.timer
# make V=1 shows the commands.
Q := $(if $(V),,@)

PATHS = -DRT_RUNDIR='"$(RUNSTATEDIR)/retrust"' -DRT_STATEDIR='"$(LOCALSTATEDIR)/lib/retrust"' \
        -DRT_CACHEDIR='"$(LOCALSTATEDIR)/cache/retrust"' -DRT_SYSCONFDIR='"$(SYSCONFDIR)"' \
        -DRT_LIBEXECDIR='"$(LIBEXECDIR)"' -DRT_VERSION='"$(VERSION)"'
WARNINGS := -Wall -Wextra -Werror -Wconversion -Wsign-conversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla \
        -Wformat=2 -Wundef -Wpointer-arith -Wcast-qual -Wwrite-strings
OPTIMIZE ?= -O2 -g
ifdef SAN
HARDEN   := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
LDHARDEN := $(HARDEN)
else
HARDEN   := -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection
LDHARDEN := -Wl,-z,relro,-z,now,-z,noexecstack,-z,defs
endif
ALL_CFLAGS  = -std=gnu11 $(OPTIMIZE) $(WARNINGS) $(HARDEN) -fPIC -fvisibility=hidden -D_GNU_SOURCE -Iinclude $(PATHS) -MMD -MP $(CFLAGS)
ALL_LDFLAGS = $(LDHARDEN) -Wl,--as-needed $(LDFLAGS)

PACKAGES := krb5 ldap lber libcrypto jansson inih libsystemd tdb
LIBS      = $(shell pkg-config --libs $(PACKAGES)) -lresolv
INCLUDES := $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)

src  = $(wildcard $(addsuffix /*.c,$(1)))
objs = $(patsubst %.c,$(B)/%.o,$(1))
CLIENT  := $(call objs,$(call src,helper/client))
PAM     := $(call objs,$(call src,pam_module))
BASE    := $(call objs,$(call src,helper/base helper/secret))
COMMAND := $(call objs,$(filter-out helper/command/gen.c,$(call src,helper/command)))
ENGINE  := $(call objs,$(filter-out helper/serve/main.c,$(call src,helper/event helper/store helper/service helper/directory \
           helper/probe helper/rung helper/engine helper/serve)))

BINARIES := $(B)/retrust $(B)/retrust-helper $(B)/pam_retrust.so $(B)/libnss_retrust.so.2
DATA     := $(addprefix $(B)/,retrust.conf retrust.8 retrust.conf.5 pam_retrust.8 retrust.catalog)

.PHONY: all help check demo lab bench lint format install uninstall clean deps unit san layers fuzz e2e
all: $(BINARIES) $(DATA)   ## build everything

help:   ## list the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  \1|\2/p' $(MAKEFILE_LIST) | sort -u | column -t -s '|'

# The paths are compiled in: whoever installs elsewhere gets objects for there.
ifneq ($(strip $(file <$(B)/paths)),$(strip $(PATHS)))
$(shell mkdir -p $(B))
$(file >$(B)/paths,$(PATHS))
endif

$(B)/%.o: %.c $(B)/paths
	@mkdir -p $(@D)
	@echo '  cc   $<'
	$(Q)$(CC) $(ALL_CFLAGS) $(INCLUDES) -c $< -o $@

$(B)/libclient.a: $(CLIENT)
$(B)/libbase.a: $(BASE)
$(B)/libengine.a: $(ENGINE)
$(B)/libcommand.a: $(filter-out %/main.o,$(COMMAND))
$(B)/%.a:
	@rm -f $@
	$(AR) rcs $@ $^

$(B)/retrust-helper: $(B)/helper/serve/main.o $(B)/libengine.a $(B)/libclient.a $(B)/libbase.a
	@echo '  link $@'
	$(Q)$(CC) $(ALL_LDFLAGS) -pie -o $@ $< -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LIBS)
$(B)/retrust: $(B)/helper/command/main.o $(B)/libcommand.a $(B)/libclient.a $(B)/libbase.a
	@echo '  link $@'
	$(Q)$(CC) $(ALL_LDFLAGS) -pie -o $@ $< -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(shell pkg-config --libs jansson libsystemd inih)
$(B)/pam_retrust.so: $(PAM) $(B)/libclient.a $(B)/libbase.a pam_module/pam_retrust.map
	@echo '  link $@'
	$(Q)$(CC) $(ALL_LDFLAGS) -shared -Wl,--version-script=pam_module/pam_retrust.map -Wl,-soname,pam_retrust.so -o $@ \
	    $(PAM) $(B)/libclient.a $(B)/libbase.a -lpam
$(B)/retrust-gen: $(B)/helper/command/gen.o $(B)/libcommand.a $(B)/libclient.a $(B)/libbase.a
	@echo '  link $@'
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $< -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(shell pkg-config --libs jansson libsystemd inih)

# What comes from the tables: the example configuration, parts of the manual pages, the journal's catalogue.
$(B)/retrust.conf: $(B)/retrust-gen
	$< conf > $@
$(B)/retrust.catalog: $(B)/retrust-gen
	$< catalog > $@
$(B)/settings.man: $(B)/retrust-gen
	$< man-settings > $@
$(B)/conditions.man: $(B)/retrust-gen
	$< man-conditions > $@
$(B)/retrust.8: docs/man/retrust.8.in $(B)/conditions.man
	sed -e '/@CONDITIONS@/{r $(B)/conditions.man' -e 'd;}' $< > $@
$(B)/retrust.conf.5: docs/man/retrust.conf.5.in $(B)/settings.man
	sed -e '/@SETTINGS@/{r $(B)/settings.man' -e 'd;}' $< > $@
$(B)/pam_retrust.8: docs/man/pam_retrust.8
	cp $< $@

include nss/build.mk
include tests/tests.mk

install: all   ## install (DESTDIR, PREFIX … are honoured)
	install -d $(DESTDIR)$(SBINDIR) $(DESTDIR)$(LIBEXECDIR) $(DESTDIR)$(PAMDIR) $(DESTDIR)$(MANDIR)/man8 $(DESTDIR)$(MANDIR)/man5 \
	    $(DESTDIR)$(UNITDIR) $(DESTDIR)$(PREFIX)/lib/systemd/catalog $(DESTDIR)$(PREFIX)/share/doc/retrust \
	    $(DESTDIR)$(PREFIX)/share/bash-completion/completions
	install -m 755 $(B)/retrust $(DESTDIR)$(SBINDIR)/
	install -m 755 $(B)/retrust-helper $(DESTDIR)$(LIBEXECDIR)/
	install -m 644 $(B)/pam_retrust.so $(DESTDIR)$(PAMDIR)/
	install -d $(DESTDIR)$(LIBDIR)
	install -m 644 $(B)/libnss_retrust.so.2 $(DESTDIR)$(LIBDIR)/
	install -m 644 $(B)/retrust.8 $(B)/pam_retrust.8 $(DESTDIR)$(MANDIR)/man8/
	install -m 644 $(B)/retrust.conf.5 $(DESTDIR)$(MANDIR)/man5/
	install -m 644 $(B)/retrust.catalog $(DESTDIR)$(PREFIX)/lib/systemd/catalog/
	install -m 644 $(B)/retrust.conf examples/pam.d/* $(DESTDIR)$(PREFIX)/share/doc/retrust/
	install -m 644 examples/completion/retrust.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/retrust
	for unit in $(UNITS_SYSTEMD); do \
	    sed -e 's|@SBINDIR@|$(SBINDIR)|g; s|@LIBEXECDIR@|$(LIBEXECDIR)|g; s|@RUNDIR@|$(RUNSTATEDIR)/retrust|g; s|@STATEDIR@|$(LOCALSTATEDIR)/lib/retrust|g' \
	        examples/systemd/$$unit.in > $(DESTDIR)$(UNITDIR)/$$unit || exit 1; done

uninstall:   ## take away what install put there; state and settings stay
	rm -f $(addprefix $(DESTDIR),$(SBINDIR)/retrust $(LIBEXECDIR)/retrust-helper $(PAMDIR)/pam_retrust.so \
	    $(LIBDIR)/libnss_retrust.so.2 \
	    $(MANDIR)/man8/retrust.8 $(MANDIR)/man8/pam_retrust.8 $(MANDIR)/man5/retrust.conf.5 \
	    $(PREFIX)/lib/systemd/catalog/retrust.catalog $(PREFIX)/share/bash-completion/completions/retrust \
	    $(addprefix $(UNITDIR)/,$(UNITS_SYSTEMD)))
	rm -rf $(DESTDIR)$(PREFIX)/share/doc/retrust
	-rmdir $(DESTDIR)$(LIBEXECDIR) 2>/dev/null

clean:   ## remove what was built
	rm -rf $(B)

-include $(shell find $(B) -name '*.d' 2>/dev/null)
