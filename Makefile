# SPDX-License-Identifier: GPL-3.0-or-later
# What can be done with this project. Every target works from a fresh clone; "make help" lists them.

PREFIX ?= /usr/local
DESTDIR ?=

# Of an installed Rust that is not in PATH yet.
export PATH := $(PATH):$(HOME)/.cargo/bin

TARGET := $(or $(CARGO_TARGET_DIR),target)
SAMPLE := sample/pedos

# Packages put the two tools below a prefix of their own, because another package has files of their names.
TOOLS_PREFIX ?= $(PREFIX)
# Where zsh looks is not the same on every distribution.
ZSH_DIR ?= $(PREFIX)/share/zsh/site-functions
# More options for "cargo build", such as --frozen.
CARGO_FLAGS ?=

BINDIR := $(DESTDIR)$(PREFIX)/bin
SHAREDIR := $(DESTDIR)$(PREFIX)/share
LIBEXECDIR := $(DESTDIR)$(PREFIX)/libexec
UNITDIR := $(DESTDIR)$(PREFIX)/lib/systemd/system
USER_UNITDIR := $(DESTDIR)$(PREFIX)/lib/systemd/user
REMINDER := pedos-backup-reminder
TOOLS := qvm-backup qvm-backup-restore
WIZARDS := pedos-backup pedos-backup-restore
HELPER := pedos-backup-helper
POLICY := org.pedos.Backup.policy
IDS := org.pedos.Backup org.pedos.BackupRestore
METAINFO := org.pedos.Backup.metainfo.xml
MIME := org.pedos.Backup.mime.xml
LANGUAGES := $(shell sed 's/\#.*//' po/LINGUAS 2>/dev/null)
install_completions = \
	install -D -m 644 data/completions/bash/$(1) '$(SHAREDIR)/bash-completion/completions/'$(1) && \
	install -D -m 644 data/completions/zsh/_$(1) '$(DESTDIR)$(ZSH_DIR)/'_$(1) && \
	install -D -m 644 data/completions/fish/$(1).fish '$(SHAREDIR)/fish/vendor_completions.d/'$(1).fish

.PHONY: help run test bench fuzz build compile static lint sample install install-tools install-wizards uninstall \
	dist deb rpm check-packages reproducible sbom clean

help:
	@echo 'make run        install what is missing, build, and open the Backup PedOS wizard on a sample PedOS;'
	@echo '                without a display, do a whole backup and restore of it with the tools and compare'
	@echo 'make test       install what is missing and run every check and test'
	@echo 'make bench      measure the tools beside what is used instead of them (an hour and more; scripts/bench.sh for less)'
	@echo 'make fuzz       throw damaged input at every parser, a minute each (FUZZ_SECONDS=N for another time)'
	@echo 'make build      build the four programs and the helper for use'
	@echo 'make static     build the two tools for any x86-64 Linux, linked to nothing, in static/'
	@echo 'make install    install them below PREFIX ($(PREFIX)), inside DESTDIR if it is set;'
	@echo '                install-tools and install-wizards are its two halves'
	@echo 'make uninstall  take them away again'
	@echo 'make dist       pack the sources, and the crates that they need, in dist/'
	@echo 'make deb        build the packages for Debian and Ubuntu in dist/; make rpm builds those for Fedora and dom0'
	@echo 'make check-packages   build both, install them into a scratch system and try them'
	@echo 'make reproducible     build the tools in two folders and compare'
	@echo 'make sbom       list the components of the programs in dist/, as CycloneDX'
	@echo 'make lint       check the form of the sources'
	@echo 'make sample     make the sample PedOS in $(SAMPLE)'
	@echo 'make clean      remove what was built, and the sample'

run:
	@scripts/run.sh $(SAMPLE)

test:
	@scripts/deps.sh test
	@scripts/test.sh

bench:
	@scripts/bench.sh

fuzz:
	@scripts/fuzz.sh

lint:
	@scripts/lint.sh

sample:
	@scripts/deps.sh tools
	cargo build --locked --no-default-features --features tools --bin qvm-backup
	@test -e $(SAMPLE) && echo '$(SAMPLE) is there already.' || $(TARGET)/debug/qvm-backup --make-sample $(SAMPLE)

build:
	@scripts/deps.sh gui
	@$(MAKE) compile

# What "make build" does once everything that it needs is there: for builders of packages, which see to that themselves.
# The place of the translations is built in, so the same PREFIX belongs here and to "make install". The names of the folders
# that hold the sources are not: two builds in different folders give the same programs.
CARGO_HOME_DIR := $(or $(CARGO_HOME),$(HOME)/.cargo)
compile: export PEDOS_BACKUP_LOCALEDIR = $(PREFIX)/share/locale
compile: export RUSTFLAGS := $(RUSTFLAGS) --remap-path-prefix=$(CURDIR)=pedos-backup --remap-path-prefix=$(CARGO_HOME_DIR)=cargo
compile:
	cargo build --locked --release $(CARGO_FLAGS)

static:
	@scripts/deps.sh tools
	@scripts/static.sh release static

dist:
	@scripts/dist.sh

deb rpm:
	@scripts/package.sh $@

check-packages:
	@scripts/check-packages.sh

reproducible:
	@scripts/reproducible.sh

sbom:
	@scripts/sbom.sh

install: install-tools install-wizards

# Installing as root must not run cargo as root: what was built is taken, and built only if it is not there.
install-tools:
	@for program in $(TOOLS) $(HELPER); do test -x $(TARGET)/release/$$program || exec $(MAKE) build; done
	for program in $(TOOLS); do \
		install -D -m 755 $(TARGET)/release/$$program '$(DESTDIR)$(TOOLS_PREFIX)/bin/'$$program && \
		install -D -m 644 data/man/$$program.1 '$(DESTDIR)$(TOOLS_PREFIX)/share/man/man1/'$$program.1 && \
		$(call install_completions,$$program) || exit 1; \
	done
	install -D -m 755 $(TARGET)/release/$(HELPER) '$(LIBEXECDIR)/$(HELPER)'
	install -d '$(UNITDIR)'
	sed 's|@BINDIR@|$(TOOLS_PREFIX)/bin|' 'data/systemd/pedos-backup@.service.in' > '$(UNITDIR)/pedos-backup@.service'
	chmod 644 '$(UNITDIR)/pedos-backup@.service'
	install -m 644 'data/systemd/pedos-backup@.timer' '$(UNITDIR)/'
	install -d '$(SHAREDIR)/polkit-1/actions'
	sed 's|@LIBEXECDIR@|$(PREFIX)/libexec|' data/$(POLICY).in > '$(SHAREDIR)/polkit-1/actions/$(POLICY)'
	chmod 644 '$(SHAREDIR)/polkit-1/actions/$(POLICY)'
	for language in $(LANGUAGES); do \
		install -d '$(SHAREDIR)/locale/'$$language/LC_MESSAGES && \
		msgfmt --check -o '$(SHAREDIR)/locale/'$$language/LC_MESSAGES/pedos-backup.mo po/$$language.po && \
		chmod 644 '$(SHAREDIR)/locale/'$$language/LC_MESSAGES/pedos-backup.mo || exit 1; \
	done

# They need what install-tools puts in place: the helper and the translations.
install-wizards:
	@for program in $(WIZARDS); do test -x $(TARGET)/release/$$program || exec $(MAKE) build; done
	for program in $(WIZARDS); do \
		install -D -m 755 $(TARGET)/release/$$program '$(BINDIR)/'$$program && \
		install -D -m 644 data/man/$$program.1 '$(SHAREDIR)/man/man1/'$$program.1 && \
		$(call install_completions,$$program) || exit 1; \
	done
	install -D -m 644 data/$(MIME) '$(SHAREDIR)/mime/packages/$(MIME)'
	install -d '$(USER_UNITDIR)'
	sed 's|@BINDIR@|$(PREFIX)/bin|' data/systemd-user/$(REMINDER).service.in > '$(USER_UNITDIR)/$(REMINDER).service'
	chmod 644 '$(USER_UNITDIR)/$(REMINDER).service'
	install -m 644 data/systemd-user/$(REMINDER).timer data/systemd-user/$(REMINDER).path '$(USER_UNITDIR)/'
	install -d '$(SHAREDIR)/applications' '$(SHAREDIR)/metainfo' '$(SHAREDIR)/dbus-1/services'
	for id in $(IDS); do \
		msgfmt --desktop --template=data/$$id.desktop.in -d po -o '$(SHAREDIR)/applications/'$$id.desktop && \
		chmod 644 '$(SHAREDIR)/applications/'$$id.desktop && \
		sed 's|@BINDIR@|$(PREFIX)/bin|' data/$$id.service.in > '$(SHAREDIR)/dbus-1/services/'$$id.service && \
		chmod 644 '$(SHAREDIR)/dbus-1/services/'$$id.service && \
		install -D -m 644 resources/icons/$$id.svg '$(SHAREDIR)/icons/hicolor/scalable/apps/'$$id.svg && \
		install -D -m 644 resources/icons/$$id-symbolic.svg \
			'$(SHAREDIR)/icons/hicolor/symbolic/apps/'$$id-symbolic.svg || exit 1; \
	done
	msgfmt --xml --template=data/$(METAINFO).in -d po -o '$(SHAREDIR)/metainfo/$(METAINFO)'
	chmod 644 '$(SHAREDIR)/metainfo/$(METAINFO)'

uninstall:
	for program in $(TOOLS) $(WIZARDS); do \
		rm -f '$(SHAREDIR)/bash-completion/completions/'$$program '$(DESTDIR)$(ZSH_DIR)/'_$$program \
			'$(SHAREDIR)/fish/vendor_completions.d/'$$program.fish; \
	done
	for program in $(TOOLS); do \
		rm -f '$(DESTDIR)$(TOOLS_PREFIX)/bin/'$$program '$(DESTDIR)$(TOOLS_PREFIX)/share/man/man1/'$$program.1; \
	done
	for program in $(WIZARDS); do rm -f '$(BINDIR)/'$$program '$(SHAREDIR)/man/man1/'$$program.1; done
	for id in $(IDS); do \
		rm -f '$(SHAREDIR)/applications/'$$id.desktop '$(SHAREDIR)/dbus-1/services/'$$id.service \
			'$(SHAREDIR)/icons/hicolor/scalable/apps/'$$id.svg \
			'$(SHAREDIR)/icons/hicolor/symbolic/apps/'$$id-symbolic.svg; \
	done
	for kind in service timer path; do rm -f '$(USER_UNITDIR)/$(REMINDER).'$$kind; done
	rm -f '$(UNITDIR)/pedos-backup@.service' '$(UNITDIR)/pedos-backup@.timer'
	rm -f '$(SHAREDIR)/metainfo/$(METAINFO)' '$(SHAREDIR)/mime/packages/$(MIME)' '$(LIBEXECDIR)/$(HELPER)' '$(SHAREDIR)/polkit-1/actions/$(POLICY)'
	for language in $(LANGUAGES); do rm -f '$(SHAREDIR)/locale/'$$language/LC_MESSAGES/pedos-backup.mo; done

clean:
	cargo clean
	rm -rf sample static dist
