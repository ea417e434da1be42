# SPDX-License-Identifier: GPL-3.0-or-later
# What can be done with this project. Every target works from a fresh clone; "make help" lists them.

PREFIX ?= /usr/local
DESTDIR ?=

# Of an installed Rust that is not in PATH yet.
export PATH := $(PATH):$(HOME)/.cargo/bin

TARGET := $(or $(CARGO_TARGET_DIR),target)
SAMPLE := sample/pedos

BINDIR := $(DESTDIR)$(PREFIX)/bin
SHAREDIR := $(DESTDIR)$(PREFIX)/share
LIBEXECDIR := $(DESTDIR)$(PREFIX)/libexec
UNITDIR := $(DESTDIR)$(PREFIX)/lib/systemd/system
PROGRAMS := pedos-backup pedos-backup-restore qvm-backup qvm-backup-restore
HELPER := pedos-backup-helper
POLICY := org.pedos.Backup.policy
IDS := org.pedos.Backup org.pedos.BackupRestore
METAINFO := org.pedos.Backup.metainfo.xml
MIME := org.pedos.Backup.mime.xml
LANGUAGES := $(shell sed 's/\#.*//' po/LINGUAS 2>/dev/null)

.PHONY: help run test bench build static lint sample install uninstall clean

help:
	@echo 'make run        install what is missing, build, and open the Backup PedOS wizard on a sample PedOS;'
	@echo '                without a display, do a whole backup and restore of it with the tools and compare'
	@echo 'make test       install what is missing and run every check and test'
	@echo 'make bench      measure the tools beside what is used instead of them (an hour and more; scripts/bench.sh for less)'
	@echo 'make build      build the four programs and the helper for use'
	@echo 'make static     build the two tools for any x86-64 Linux, linked to nothing, in static/'
	@echo 'make install    install them below PREFIX ($(PREFIX)), inside DESTDIR if it is set'
	@echo 'make uninstall  take them away again'
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

lint:
	@scripts/lint.sh

sample:
	@scripts/deps.sh tools
	cargo build --locked --no-default-features --features tools --bin qvm-backup
	@test -e $(SAMPLE) && echo '$(SAMPLE) is there already.' || $(TARGET)/debug/qvm-backup --make-sample $(SAMPLE)

# The place of the translations is built in, so the same PREFIX belongs to "make build" and "make install".
build:
	@scripts/deps.sh gui
	PEDOS_BACKUP_LOCALEDIR='$(PREFIX)/share/locale' cargo build --locked --release

static:
	@scripts/deps.sh tools
	@scripts/static.sh release static

# Installing as root must not run cargo as root: what was built is taken, and built only if it is not there.
install:
	@for program in $(PROGRAMS) $(HELPER); do test -x $(TARGET)/release/$$program || exec $(MAKE) build; done
	install -d '$(BINDIR)' '$(SHAREDIR)/applications' '$(SHAREDIR)/metainfo' '$(SHAREDIR)/man/man1'
	for program in $(PROGRAMS); do \
		install -m 755 $(TARGET)/release/$$program '$(BINDIR)/' && \
		install -m 644 data/man/$$program.1 '$(SHAREDIR)/man/man1/' || exit 1; \
	done
	for program in $(PROGRAMS); do \
		install -D -m 644 data/completions/bash/$$program '$(SHAREDIR)/bash-completion/completions/'$$program && \
		install -D -m 644 data/completions/zsh/_$$program '$(SHAREDIR)/zsh/site-functions/'_$$program && \
		install -D -m 644 data/completions/fish/$$program.fish '$(SHAREDIR)/fish/vendor_completions.d/'$$program.fish || exit 1; \
	done
	install -D -m 755 $(TARGET)/release/$(HELPER) '$(LIBEXECDIR)/$(HELPER)'
	install -d '$(UNITDIR)'
	sed 's|@BINDIR@|$(PREFIX)/bin|' 'data/systemd/pedos-backup@.service.in' > '$(UNITDIR)/pedos-backup@.service'
	chmod 644 '$(UNITDIR)/pedos-backup@.service'
	install -m 644 'data/systemd/pedos-backup@.timer' '$(UNITDIR)/'
	install -D -m 644 data/$(MIME) '$(SHAREDIR)/mime/packages/$(MIME)'
	install -d '$(SHAREDIR)/polkit-1/actions'
	sed 's|@LIBEXECDIR@|$(PREFIX)/libexec|' data/$(POLICY).in > '$(SHAREDIR)/polkit-1/actions/$(POLICY)'
	chmod 644 '$(SHAREDIR)/polkit-1/actions/$(POLICY)'
	for id in $(IDS); do \
		msgfmt --desktop --template=data/$$id.desktop.in -d po -o '$(SHAREDIR)/applications/'$$id.desktop && \
		chmod 644 '$(SHAREDIR)/applications/'$$id.desktop && \
		install -D -m 644 resources/icons/$$id.svg '$(SHAREDIR)/icons/hicolor/scalable/apps/'$$id.svg && \
		install -D -m 644 resources/icons/$$id-symbolic.svg \
			'$(SHAREDIR)/icons/hicolor/symbolic/apps/'$$id-symbolic.svg || exit 1; \
	done
	msgfmt --xml --template=data/$(METAINFO).in -d po -o '$(SHAREDIR)/metainfo/$(METAINFO)'
	chmod 644 '$(SHAREDIR)/metainfo/$(METAINFO)'
	for language in $(LANGUAGES); do \
		install -d '$(SHAREDIR)/locale/'$$language/LC_MESSAGES && \
		msgfmt --check -o '$(SHAREDIR)/locale/'$$language/LC_MESSAGES/pedos-backup.mo po/$$language.po && \
		chmod 644 '$(SHAREDIR)/locale/'$$language/LC_MESSAGES/pedos-backup.mo || exit 1; \
	done

uninstall:
	for program in $(PROGRAMS); do \
		rm -f '$(BINDIR)/'$$program '$(SHAREDIR)/man/man1/'$$program.1 \
			'$(SHAREDIR)/bash-completion/completions/'$$program '$(SHAREDIR)/zsh/site-functions/'_$$program \
			'$(SHAREDIR)/fish/vendor_completions.d/'$$program.fish; \
	done
	for id in $(IDS); do \
		rm -f '$(SHAREDIR)/applications/'$$id.desktop \
			'$(SHAREDIR)/icons/hicolor/scalable/apps/'$$id.svg \
			'$(SHAREDIR)/icons/hicolor/symbolic/apps/'$$id-symbolic.svg; \
	done
	rm -f '$(UNITDIR)/pedos-backup@.service' '$(UNITDIR)/pedos-backup@.timer'
	rm -f '$(SHAREDIR)/metainfo/$(METAINFO)' '$(SHAREDIR)/mime/packages/$(MIME)' '$(LIBEXECDIR)/$(HELPER)' '$(SHAREDIR)/polkit-1/actions/$(POLICY)'
	for language in $(LANGUAGES); do rm -f '$(SHAREDIR)/locale/'$$language/LC_MESSAGES/pedos-backup.mo; done

clean:
	cargo clean
	rm -rf sample static
