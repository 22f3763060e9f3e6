#include "decide_fixture.h"

static void
test_arm_knows_the_broker_by_its_host(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        enum broker_url_kind kind;
    } cases[] = {
        {"https://paper-api.alpaca.markets",                   URL_PAPER   },
        {"https://PAPER-API.alpaca.markets/v2",                URL_PAPER   },
        {"https://paper-api.alpaca.markets:443",               URL_PAPER   },
        {"https://api.alpaca.markets",                         URL_LIVE    },
        {"https://api.alpaca.markets/",                        URL_LIVE    },
        {"http://127.0.0.1:8081",                              URL_LOOPBACK},
        {"http://localhost:8081/alpaca",                       URL_LOOPBACK},
        {"http://[::1]:8081",                                  URL_LOOPBACK},
        {"http://api.alpaca.markets",                          URL_OTHER   },
        {"https://api.alpaca.markets.example.com",             URL_OTHER   },
        {"https://paper-api.alpaca.markets@api.example.com",   URL_OTHER   },
        {"https://paper-api.alpaca.markets:x@api.example.com", URL_OTHER   },
        {"https://example.com/?paper-api.alpaca.markets",      URL_OTHER   },
        {"https://127.0.0.1.example.com",                      URL_OTHER   },
        {"",                                                   URL_OTHER   },
        {NULL,                                                 URL_OTHER   },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        if (broker_url_kind(cases[i].url) != cases[i].kind) fail_msg("%s", cases[i].url);
    }
}

static void
test_arm_needs_mode_and_url_of_one_kind(void **state)
{
    (void)state;
    static const char paper[] = "https://paper-api.alpaca.markets",
                      live[] = "https://api.alpaca.markets", loop[] = "http://127.0.0.1:9",
                      other[] = "https://example.com";
    static const struct {
        const char *mode, *url, *ack;
        bool require_ack;
        enum arm_state state;
    } cases[] = {
        {"PAPER",    paper, "",                      true,  ARMED                },
        {"paper",    paper, "",                      true,  ARMED                },
        {" PAPER\n", loop,  "",                      true,  ARMED                },
        {"PAPER",    live,  "YES_I_UNDERSTAND",      true,  ARM_PAPER_ON_LIVE_URL},
        {"PAPER",    other, "",                      true,  ARM_UNKNOWN_URL      },
        {"LIVE",     live,  "YES_I_UNDERSTAND",      true,  ARMED                },
        {"LIVE",     live,  "  YES_I_UNDERSTAND \n", true,  ARMED                },
        {"LIVE",     live,  "yes_i_understand",      true,  ARM_NO_LIVE_ACK      },
        {"LIVE",     live,  "YES_I_UNDERSTAND.",     true,  ARM_NO_LIVE_ACK      },
        {"LIVE",     live,  "",                      true,  ARM_NO_LIVE_ACK      },
        {"LIVE",     live,  NULL,                    true,  ARM_NO_LIVE_ACK      },
        {"LIVE",     live,  "",                      false, ARMED                },
        {"LIVE",     paper, "YES_I_UNDERSTAND",      true,  ARM_LIVE_ON_PAPER_URL},
        {"LIVE",     loop,  "YES_I_UNDERSTAND",      true,  ARM_LIVE_ON_PAPER_URL},
        {"LIVE",     other, "YES_I_UNDERSTAND",      true,  ARM_UNKNOWN_URL      },
        {"DEMO",     paper, "",                      true,  ARM_UNKNOWN_MODE     },
        {"",         paper, "",                      true,  ARM_UNKNOWN_MODE     },
        {NULL,       paper, "",                      true,  ARM_UNKNOWN_MODE     },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct broker_config cfg = {.trading_mode = cases[i].mode,
                                    .base_url = cases[i].url,
                                    .live_ack = cases[i].ack,
                                    .require_live_ack = cases[i].require_ack};
        struct arm_verdict v = arm_check(&cfg);
        if (v.state != cases[i].state) fail_msg("row %zu: %s", i, arm_state_name(v.state));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arm_knows_the_broker_by_its_host),
        cmocka_unit_test(test_arm_needs_mode_and_url_of_one_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
