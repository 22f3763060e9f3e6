# stockbot: `make` builds everything into build/, `make help` lists the rest.

CC ?= gcc
ifeq ($(origin CC),default)
CC := gcc
endif

ifeq ($(SAN),1)
variant := san
endif
ifneq (,$(findstring clang,$(CC)))
variant := $(if $(variant),$(variant)-clang,clang)
endif
B := build$(if $(variant),/$(variant))

# V=1 shows the commands.
say := @$(if $(V),:,echo)
quiet := $(if $(V),,@)

probe = $(shell $(CC) -Werror $(1) -E -x c /dev/null >/dev/null 2>&1 && echo $(1))

WARN := -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wdouble-promotion -Wfloat-equal -Wformat=2 \
  -Wshadow -Wundef -Wvla -Wswitch-enum -Wcast-qual -Wstrict-prototypes -Wmissing-prototypes \
  -Wwrite-strings -Wnull-dereference $(call probe,-Wlogical-op)
HARDEN := -fstack-protector-strong -fstack-clash-protection -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 \
  $(call probe,-fcf-protection=full) $(call probe,-fstrict-flex-arrays=3) \
  $(call probe,-ftrivial-auto-var-init=zero)
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

# -ffp-contract=off: scores are plain IEEE-754 double arithmetic, left to right (spec 10 R0.5).
CFLAGS := -std=c17 -D_GNU_SOURCE -I. -include base/banned.h -O2 -g -fPIE -ffp-contract=off $(WARN) -Werror \
  $(if $(filter 1,$(SAN)),$(SANITIZE),$(HARDEN)) $(EXTRA_CFLAGS)
LDFLAGS := -pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed $(if $(filter 1,$(SAN)),$(SANITIZE))
LDLIBS := -lcurl -lmicrohttpd -lcjson -lyaml -lsqlite3 -lsystemd -lcrypto -lz -lm

folders := base model config strategy intel exitlogic shadow analytics io state uwclient broker telemetry \
  engine supervisor dashboard sim scripts
mains := $(wildcard $(addsuffix /main.c,uwclient engine supervisor sim scripts))
srcs := $(filter-out $(mains),$(wildcard $(addsuffix /*.c,$(folders)) scripts/*/*.c))
objs := $(srcs:%.c=$(B)/%.o)
lib := $(B)/libstockbot.a

program_engine := trading_engine
program_supervisor := deploy_supervisor
program_uwclient := uw_flow_daemon
program_sim := market_sim
program_scripts := stockbot
programs := $(foreach m,$(mains),$(B)/$(program_$(m:/main.c=)))

test_helpers := $(wildcard tests/lib/*.c)
test_srcs := $(wildcard tests/*/test_*.c)
tests := $(test_srcs:tests/%.c=$(B)/tests/%)
model_helpers := $(wildcard tests/engine/model*.c)
bench_srcs := $(wildcard tests/bench/bench_*.c)
bench_helpers := $(filter-out $(bench_srcs),$(wildcard tests/bench/*.c))
benches := $(bench_srcs:tests/%.c=$(B)/tests/%)

all: $(programs)

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(say) "  CC    $@"
	$(quiet)$(CC) $(CFLAGS) -MMD -MP -c $< -o $@

# The commit that the manifests of telemetry bundles name.
commit := $(shell git rev-parse --short=12 HEAD 2>/dev/null)
$(B)/commit: FORCE
	@mkdir -p $(@D); echo '$(commit)' | cmp -s - $@ || echo '$(commit)' > $@
$(B)/base/version.o: $(B)/commit
$(B)/base/version.o: CFLAGS += -DSTOCKBOT_COMMIT='"$(commit)"'
FORCE:

$(lib): $(objs)
	$(say) "  AR    $@"
	@rm -f $@
	$(quiet)ar rcs $@ $^

define program_rule
$(B)/$(program_$(1)): $(B)/$(1)/main.o $(lib)
	$(say) "  LINK  $$@"
	$(quiet)$(CC) $(LDFLAGS) $$^ $(LDLIBS) -o $$@
endef
$(foreach m,$(mains),$(eval $(call program_rule,$(m:/main.c=))))

$(filter $(B)/tests/engine/test_model%,$(tests)): $(model_helpers:%.c=$(B)/%.o)

$(B)/tests/%: $(B)/tests/%.o $(test_helpers:%.c=$(B)/%.o) $(lib)
	$(say) "  LINK  $@"
	$(quiet)$(CC) $(LDFLAGS) $(filter %.o,$^) $(filter %.a,$^) $(LDLIBS) -lcmocka -o $@

$(B)/tests/bench/bench_telemetry: $(B)/tests/lib/telemetry_day.o

$(B)/tests/bench/%: $(B)/tests/bench/%.o $(bench_helpers:%.c=$(B)/%.o) $(lib)
	$(say) "  LINK  $@"
	$(quiet)$(CC) $(LDFLAGS) $^ $(LDLIBS) -o $@

tests: all $(tests)

# Every test binary, in parallel; the last line counts.
test: tests
	@BUILD=$(B) tests/run $(tests)

bench: all $(benches)
	@BUILD=$(B) BENCH_FLAGS='$(CC) $(shell $(CC) -dumpfullversion) $(filter -O% -f% -std=%,$(CFLAGS))' tests/bench/run $(benches)

lint:
	@CC=$(CC) tests/lint

PREFIX ?= /usr
install: all
	deploy/install "$(DESTDIR)" "$(PREFIX)" "$(B)"

clean:
	rm -rf build

help:
	@echo "make                 everything to $(B)/"
	@echo "make test            all tests (SAN=1: sanitizers, CC=clang: the other compiler)"
	@echo "make lint            format, clang-tidy, cppcheck, gcc -fanalyzer, scan-build, include direction"
	@echo "make bench           ratios of one run"
	@echo "make install DESTDIR="

.PHONY: all tests test bench lint install clean help FORCE
.SECONDARY:

-include $(shell find $(B) -name '*.d' -not -path '*/build/*' 2>/dev/null)
