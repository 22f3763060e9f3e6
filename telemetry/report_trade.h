/* A paper trade that was opened and closed on the day, as reports show it. */
#ifndef TELEMETRY_REPORT_TRADE_H
#define TELEMETRY_REPORT_TRADE_H

struct report_trade {
    const char *symbol, *side, *reason, *sector, *regime;
    double qty, entry_price, exit_price, pnl_usd; /* NaN: not known */
};

#endif
