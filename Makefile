# Builds the extension with PGXS; everything else is a script or CMake, and works without PostgreSQL.

PG_CONFIG ?= pg_config
ARGO_VERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" argo.control)

EXTENSION = argo
MODULE_big = argo
SCRIPT = argo--$(ARGO_VERSION).sql
DATA_built = $(SCRIPT)
EXTRA_CLEAN = build

# Objects stay out of the source folders: what `ls` shows there is the architecture.
OBJDIR = build/pgxs
OBJS = $(patsubst %.cc,$(OBJDIR)/%.o,$(sort $(wildcard core/*.cc argo_ext/*.cc)))

# -isystem takes PostgreSQL's headers out of -Werror's reach; GCC then ignores PGXS's -I of them.
PG_CPPFLAGS = -isystem $(shell $(PG_CONFIG) --includedir-server) \
	-isystem $(shell $(PG_CONFIG) --pkgincludedir)/internal -DARGO_VERSION='"$(ARGO_VERSION)"'
# Hidden, since PostgreSQL loads libraries into one space of names; what SQL calls is marked.
PG_CXXFLAGS = -std=c++20 -O2 -Wall -Wextra -Werror -fvisibility=hidden -fvisibility-inlines-hidden
# PGXS links with the C compiler.
SHLIB_LINK = -lcurl -lcrypto -lstdc++
# Bitcode would let PostgreSQL inline Argo's functions into JIT code: nothing to gain, and C++ to lose.
override with_llvm := no

.DEFAULT_GOAL := all

# These are scripts; PGXS is left out for them, since it need not be there, and has a `check` itself.
SCRIPT_GOALS = help deps loader demo demo-pools demo-stop check check-matrix lint bench-ingest bench-loader bench-pools bench-refresh \
	bench-report bench-timescaledb bench-validate
ifneq ($(filter-out $(SCRIPT_GOALS),$(or $(MAKECMDGOALS),all)),)
PGXS := $(wildcard $(shell $(PG_CONFIG) --pgxs 2>/dev/null))
endif

ifneq ($(PGXS),)
include $(PGXS)
else
.PHONY: all install clean
all install:
	@echo "No PostgreSQL server headers by '$(PG_CONFIG)': make deps, or make PG_CONFIG=/path/to/pg_config" >&2
	@exit 1
clean:
	rm -rf $(EXTRA_CLEAN) $(SCRIPT) $(MODULE_big).so
endif

$(OBJDIR)/%.o: %.cc $(OBJDIR)/flags
	@mkdir -p $(@D)
	$(CXX) $(CXXFLAGS) $(CPPFLAGS) -MMD -MP -c -o $@ $<

-include $(OBJS:.o=.d)

# Changes when the flags or PostgreSQL do, so that nothing built for another one is linked.
$(OBJDIR)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(subst ','\'',$(CXX) $(CXXFLAGS) $(CPPFLAGS) $(SHLIB_LINK)) $(shell $(PG_CONFIG) --version)' >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

# A source that was added or removed relinks as well.
$(OBJDIR)/objects: FORCE
	@mkdir -p $(@D)
	@echo '$(OBJS)' >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@
$(MODULE_big).so: $(OBJDIR)/objects

$(SCRIPT): argo_ext--$(ARGO_VERSION).sql argo.control sql/assemble $(shell find sql -type f 2>/dev/null) $(OBJDIR)/objects
	sql/assemble extension $< >$@.new
	mv $@.new $@

.PHONY: FORCE $(SCRIPT_GOALS)
FORCE:

help:
	@echo 'make              builds the extension for the PostgreSQL of PG_CONFIG'
	@echo 'make install      installs it there (DESTDIR is honoured)'
	@echo 'make deps         installs the packages that building and testing need'
	@echo 'make loader       builds argo-loader, for hosts where extensions cannot be installed'
	@echo 'make demo         installs, builds, and shows a first result from a simulated API'
	@echo 'make demo-pools   puts pgbouncer before the demo, with the files of deploy/pgbouncer'
	@echo 'make demo-stop    stops the demo and removes what it made'
	@echo 'make check        runs every test'
	@echo 'make check-matrix the same on PostgreSQL 17 and 18, in Debian roots of their own'
	@echo 'make bench-ingest measures the ingest against its peers'
	@echo 'make bench-loader measures whole runs of argo-loader'
	@echo 'make bench-refresh measures refreshes and reads of the views'
	@echo 'make bench-validate measures the validation, full and incremental'
	@echo 'make bench-report measures the weekly report and its page'
	@echo 'make bench-pools  measures a dashboard through its pool while the ETL fills in a backlog'
	@echo 'make bench-timescaledb measures readings as a hypertable beside a plain table, on PostgreSQL 17 or 18'
	@echo 'make lint         checks format, clang-tidy and shellcheck'
	@echo 'make clean        removes what was built'

deps:
	@scripts/install-deps

# On a machine without PostgreSQL's server, tests or benchmarks too.
loader:
	@scripts/install-deps loader
	@cmake --preset release -DARGO_LOADER_ONLY=ON >/dev/null
	@env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL cmake --build --preset release --parallel "$$(nproc)" --target argo-loader
	@echo 'build/release/argo-loader is built: build/release/argo-loader --help'

demo:
	@scripts/demo start

demo-pools:
	@scripts/demo-pools

demo-stop:
	@scripts/demo stop

ifneq ($(if $(PGXS),$(filter check,$(MAKECMDGOALS)),check),)
check:
	@test/run
endif

check-matrix:
	@scripts/check-matrix

lint:
	@scripts/install-deps demo lint
	@scripts/lint

bench-ingest:
	@scripts/bench-ingest

bench-loader:
	@scripts/bench-loader

bench-refresh:
	@scripts/bench-refresh

bench-validate:
	@scripts/bench-validate

bench-report:
	@scripts/bench-report

bench-pools:
	@scripts/bench-pools

bench-timescaledb:
	@scripts/bench-timescaledb
