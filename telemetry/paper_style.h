/*
 * How pages and charts look: one palette, light and dark by the reader's own setting.  Nothing is
 * loaded from anywhere.
 */
#ifndef TELEMETRY_PAPER_STYLE_H
#define TELEMETRY_PAPER_STYLE_H

/* The two palettes; series colours differ in lightness too, so that they survive grey printing. */
#define STYLE_LIGHT                                                                                \
    "--ink:#1b2530;--dim:#5d6b79;--line:#dfe4ea;--paper:#ffffff;--card:#f5f7f9;--a:#1f6feb;"       \
    "--b:#e0762b;--good:#1a7f4b;--warn:#a86400;--bad:#c0262d;"
#define STYLE_DARK                                                                                 \
    "--ink:#e4e9ee;--dim:#93a1af;--line:#303a45;--paper:#12171d;--card:#1a2129;--a:#6ea8ff;"       \
    "--b:#f2a35e;--good:#5fd197;--warn:#efb04f;--bad:#ff7b80;"

#define STYLE_CHART                                                                                \
    ".c text{font:11px system-ui,sans-serif;fill:var(--dim)}"                                      \
    ".c .t{font-size:13px;font-weight:600;fill:var(--ink)}"                                        \
    ".c .g{stroke:var(--line);stroke-width:1}.c .z{stroke:var(--dim);stroke-width:1}"              \
    ".c .s0{stroke:var(--a)}.c .s1{stroke:var(--b)}.c .l{fill:none;stroke-width:2;"                \
    "stroke-linejoin:round}.c .f0{fill:var(--a)}.c .f1{fill:var(--b)}\n"

#define STYLE_PALETTE(where)                                                                       \
    where "{" STYLE_LIGHT "}\n@media(prefers-color-scheme:dark){" where "{" STYLE_DARK "}}\n"

/* Of a chart that is a file of its own. */
#define CHART_STYLE STYLE_PALETTE("svg") STYLE_CHART ".c .p{fill:var(--paper)}\n"

#define PAPER_STYLE                                                                                \
    STYLE_PALETTE(":root")                                                                         \
    "body{margin:0;background:var(--paper);color:var(--ink);"                                      \
    "font:15px/1.5 system-ui,-apple-system,\"Segoe UI\",sans-serif}\n"                             \
    "main{max-width:860px;margin:0 auto;padding:24px 20px 64px}\n"                                 \
    "h1{font-size:24px;margin:0 0 16px}h1 span{color:var(--dim);font-weight:400}\n"                \
    "h2{font-size:18px;margin:36px 0 8px;padding-top:14px;border-top:1px solid var(--line)}\n"     \
    "h3{font-size:15px;margin:22px 0 6px}p{margin:8px 0}ul{margin:8px 0;padding-left:20px}\n"      \
    "li{margin:3px 0}li.todo{list-style:\"\\2610  \"}\n"                                           \
    ".box{background:var(--card);border:1px solid var(--line);border-radius:8px;"                  \
    "padding:8px 18px}\n"                                                                          \
    ".box ul{list-style:none;padding:0}.box li{padding-left:12px;"                                 \
    "border-left:3px solid var(--line);margin:7px 0}\n"                                            \
    ".box .good{border-color:var(--good)}.box .warn{border-color:var(--warn)}"                     \
    ".box .bad{border-color:var(--bad)}.box .bad b{color:var(--bad)}\n"                            \
    ".wide{overflow-x:auto}table{border-collapse:collapse;margin:10px 0;font-size:14px}\n"         \
    "th,td{padding:4px 14px 4px 0;text-align:left;border-bottom:1px solid var(--line);"            \
    "vertical-align:top}th{color:var(--dim);font-weight:600}\n"                                    \
    ".n{text-align:right;font-variant-numeric:tabular-nums}td.n{white-space:nowrap}\n"             \
    "figure{margin:14px "                                                                          \
    "0}figure.small{display:inline-block;width:49%;min-width:300px}svg{width:100%;height:auto;"    \
    "display:block}\n"                                                                             \
    "pre{background:var(--card);border:1px solid var(--line);border-radius:6px;padding:10px;"      \
    "overflow-x:auto;font-size:12px;line-height:1.4}\n" STYLE_CHART                                \
    ".c .p{fill:none}\n@media print{main{max-width:none}pre{white-space:pre-wrap}}\n"

#endif
