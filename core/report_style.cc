// The style sheet of the report's page: light and dark, desk, phone and paper.
#include "report_style.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <array>

namespace argo::report {

namespace {

// Colours by what they mean; text on its ground has a contrast of 4.5 or more, drawings of 3.
constexpr char kColours[] = R"css(
:root{color-scheme:light dark;
--page:#f3f5f7;--paper:#fff;--ink:#17212b;--soft:#4d5b68;--rule:#d5dce2;--link:#0b5a99;
--use:#0b66ad;--quiet:#4f90c8;--usual:#6b7783;--waste:#b9510a;--spike:#a3195b;--off:#edf0f3;
--shade:#17212b3d;--high:#b3261e;--high-ground:#fdeceb;--medium:#855400;--medium-ground:#fdf3dc;
--good:#17713f;--good-ground:#e6f4ec;
--h0:#e4eef8;--h1:#cfe1f2;--h2:#b5d2ea;--h3:#8dbadd;--h4:#62a0cf;--h5:#3c84bd;--h6:#2068a5;--h7:#0f4c84;--h8:#08315b}
@media screen and (prefers-color-scheme:dark){:root{
--page:#0e141a;--paper:#172029;--ink:#e8edf2;--soft:#a9b6c2;--rule:#35424e;--link:#86c2f7;
--use:#5fb0f2;--quiet:#3d79ad;--usual:#93a1ae;--waste:#f0934a;--spike:#f27db3;--off:#202b36;
--shade:#000c;--high:#ff9c94;--high-ground:#3d2020;--medium:#f3c566;--medium-ground:#382c14;
--good:#7ed3a0;--good-ground:#16321f;
--h0:#21384d;--h1:#20425f;--h2:#225078;--h3:#275f90;--h4:#3678b0;--h5:#5295cd;--h6:#7cb4e4;--h7:#aed3f4;--h8:#e3f1fd}}
)css";

constexpr char kText[] = R"css(
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--ink);font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums;overflow-wrap:break-word}
main,header,footer{max-width:64rem;margin:0 auto;padding:0 1.25rem}
header{padding-top:2rem}
h1{font-size:1.05rem;line-height:1.35;margin:0;font-weight:600;color:var(--soft)}
h1 .site{display:block;color:var(--ink);font-size:1.9rem;line-height:1.2;font-weight:700;letter-spacing:-.01em}
h2{font-size:1.4rem;line-height:1.25;margin:0 0 .35rem;letter-spacing:-.01em}
h3{font-size:1.08rem;line-height:1.3;margin:0}
p{margin:.35rem 0}
a{color:var(--link)}
.when{font-size:1.1rem;margin:.4rem 0 0}
.soft,.note,figcaption p,.lead,footer{color:var(--soft)}
.note,figcaption p,footer,.soft{font-size:.9rem}
.lead{margin:0 0 1rem;max-width:46rem}
.headline{font-size:1.3rem;line-height:1.35;font-weight:600;margin:1.2rem 0 0;max-width:46rem}
section{background:var(--paper);border:1px solid var(--rule);border-radius:12px;padding:1.4rem 1.5rem;margin:1.25rem 0}
section>:last-child{margin-bottom:0}
nav ul{display:flex;flex-wrap:wrap;gap:.3rem 1.1rem;list-style:none;margin:1rem 0 0;padding:0;font-size:.92rem}
.none{background:var(--page);border-radius:8px;padding:.7rem 1rem;margin:.6rem 0}
footer{padding-top:.5rem;padding-bottom:2.5rem}
:focus-visible{outline:2px solid var(--link);outline-offset:2px}
)css";

constexpr char kParts[] = R"css(
.banner{border:1px solid var(--medium);border-left-width:6px;background:var(--medium-ground);border-radius:8px;padding:.8rem 1.1rem;margin:1.1rem 0 0}
.banner b{color:var(--medium)}
.banner ul{margin:.3rem 0 0;padding-left:1.2rem;font-size:.92rem}
.tiles{display:grid;grid-template-columns:repeat(3,1fr);gap:1rem;margin:1.25rem 0;padding:0}
.tiles>div{background:var(--paper);border:1px solid var(--rule);border-radius:12px;padding:.9rem 1.1rem 1rem}
.tiles dt{font-size:.9rem;color:var(--soft);font-weight:600}
.tiles dd{margin:0}
.tiles .figure{font-size:1.85rem;line-height:1.25;font-weight:700;letter-spacing:-.02em;white-space:nowrap}
.tiles .figure small{font-size:.58em;font-weight:600;letter-spacing:0;color:var(--soft)}
.tiles .about{font-size:.88rem;color:var(--soft);line-height:1.4}
.more{color:var(--waste)}.less{color:var(--good)}
.wins,.risks{list-style:none;margin:0;padding:0}
.wins>li{display:grid;grid-template-columns:2.1rem 1fr auto;gap:.1rem 1rem;padding:.95rem 0;border-top:1px solid var(--rule)}
.wins>li:first-child{border-top:0;padding-top:.2rem}
.rank{width:1.9rem;height:1.9rem;line-height:1.9rem;border-radius:50%;background:var(--use);color:var(--paper);text-align:center;font-weight:700;font-size:.95rem}
.wins p{margin:.15rem 0}
.worth{text-align:right;white-space:nowrap;line-height:1.35;font-size:.9rem;color:var(--soft)}
.worth b{display:block;font-size:1.2rem;color:var(--ink)}
.risks li{display:flex;gap:.8rem;align-items:baseline;padding:.4rem 0;border-top:1px solid var(--rule)}
.risks li:first-child{border-top:0}
.risks .tag{min-width:4.6rem;text-align:center}
.tag{display:inline-block;font-size:.78rem;font-weight:600;line-height:1.5;padding:0 .5rem;border-radius:99px;border:1px solid var(--rule);color:var(--soft);white-space:nowrap}
.high{color:var(--high);background:var(--high-ground);border-color:currentColor}
.medium{color:var(--medium);background:var(--medium-ground);border-color:currentColor}
.good{color:var(--good);background:var(--good-ground);border-color:currentColor}
.facts{display:grid;grid-template-columns:repeat(3,1fr);gap:.8rem 1.5rem;margin:1rem 0 1.4rem}
.facts dt{font-size:.86rem;color:var(--soft)}
.facts dd{margin:0;font-weight:600}
.facts dd span{display:block;font-weight:400;font-size:.86rem;color:var(--soft)}
.method{columns:22rem 2;column-gap:2.5rem;margin:.6rem 0 0}
.method>div{break-inside:avoid;padding-bottom:.7rem}
.method dt{font-weight:600}
.method dd{margin:.1rem 0 0;max-width:46rem}
)css";

constexpr char kTables[] = R"css(
.scroll{overflow-x:auto;margin:.8rem 0;background:linear-gradient(to right,var(--paper) 1.5rem,transparent) left/3rem 100% local,linear-gradient(to left,var(--paper) 1.5rem,transparent) right/3rem 100% local,linear-gradient(to right,var(--shade),transparent) left/.9rem 100%,linear-gradient(to left,var(--shade),transparent) right/.9rem 100%;background-color:var(--paper);background-repeat:no-repeat}
table{border-collapse:collapse;width:100%;font-size:.9rem;line-height:1.4}
caption{text-align:left;font-weight:600;padding:0 0 .4rem}
th,td{text-align:right;padding:.38rem .5rem;border-bottom:1px solid var(--rule);vertical-align:top;font-weight:400}
thead th{vertical-align:bottom;font-weight:600;color:var(--soft);font-size:.84rem;border-bottom:2px solid var(--rule)}
.t{text-align:left}
th:first-child{padding-left:0}
tbody th{text-align:left;min-width:8.5rem;overflow-wrap:anywhere}
td .soft{display:block;font-size:.92em}
details{margin:.6rem 0}
summary{cursor:pointer;color:var(--link);font-size:.92rem;padding:.35rem 0}
)css";

constexpr char kCharts[] = R"css(
figure{margin:1.6rem 0 0;break-inside:avoid}
figure h3+p{margin-top:.2rem;max-width:46rem}
svg{display:block;width:100%;height:auto;margin:.5rem 0;fill:var(--soft);font-family:inherit;overflow:visible}
.narrow,.paper{display:none}
.key{list-style:none;display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;margin:.6rem 0 0;padding:0;font-size:.86rem;color:var(--soft)}
.key li{display:flex;align-items:center;gap:.4rem}
.swatch{width:1.4rem;height:.85rem;flex:none;border-radius:2px;-webkit-print-color-adjust:exact;print-color-adjust:exact}
.k-use{background:var(--use)}.k-quiet{background:var(--quiet)}.k-waste{background:var(--waste)}
.k-off{background:var(--off);border:1px solid var(--rule)}
.k-usual{height:0;border-top:2px dashed var(--soft);border-radius:0}
.k-frame{border:2px solid var(--soft)}
.k-spike{width:0;height:0;border-radius:0;border:.5rem solid transparent;border-top:0;border-bottom:.85rem solid var(--spike)}
.k-gap,.k-part{border:1px solid var(--rule);background:repeating-linear-gradient(135deg,var(--usual) 0 1.6px,var(--paper) 1.6px 6px)}
.k-part{height:.45rem;align-self:flex-end;margin-bottom:.3rem}
.f-use{fill:var(--use)}.f-quiet{fill:var(--quiet)}.f-usual{fill:var(--usual)}.f-waste{fill:var(--waste)}
.f-spike{fill:var(--spike);stroke:var(--paper)}.f-off{fill:var(--off)}.f-paper{fill:var(--paper)}
.s-use{stroke:var(--use)}.s-usual{stroke:var(--usual)}.s-grid{stroke:var(--rule)}.s-axis{stroke:var(--soft)}
.strong{fill:var(--ink);font-weight:600}
.h0{fill:var(--h0)}.h1{fill:var(--h1)}.h2{fill:var(--h2)}.h3{fill:var(--h3)}.h4{fill:var(--h4)}
.h5{fill:var(--h5)}.h6{fill:var(--h6)}.h7{fill:var(--h7)}.h8{fill:var(--h8)}
.k-h0{background:var(--h0);border:1px solid var(--rule)}.k-h1{background:var(--h1)}.k-h2{background:var(--h2)}.k-h3{background:var(--h3)}
.k-h4{background:var(--h4)}.k-h5{background:var(--h5)}.k-h6{background:var(--h6)}.k-h7{background:var(--h7)}.k-h8{background:var(--h8)}
)css";

constexpr char kSizes[] = R"css(
@media screen and (max-width:40rem){
main,header,footer{padding-left:.9rem;padding-right:.9rem}
header{padding-top:1.2rem}
h1 .site{font-size:1.5rem}.headline{font-size:1.13rem}
section{padding:1.1rem .95rem;border-radius:10px}
.tiles{grid-template-columns:repeat(2,1fr);gap:.6rem}
.tiles>div{padding:.7rem .8rem}
.tiles .figure{font-size:1.4rem}
.facts{grid-template-columns:repeat(2,1fr)}
.wins>li{grid-template-columns:1.9rem 1fr}
.worth{grid-column:2;text-align:left;white-space:normal}
.worth b{display:inline;font-size:1.05rem}
.wide{display:none}.narrow{display:block}
th,td{padding:.35rem .5rem}
.big{min-width:54rem}
.big tbody th{text-align:left;min-width:7rem}
}
)css";

constexpr char kPaper[] = R"css(
@page{size:A4;margin:14mm 13mm 15mm}
@media print{
html{font-size:12.4px}
body{background:#fff;line-height:1.4;-webkit-print-color-adjust:exact;print-color-adjust:exact}
main,header,footer{max-width:none;padding:0}
header,footer{padding-top:0}
nav,details:not([open]){display:none}
details:not([open])+.paper{display:block}
footer,.paper{break-before:avoid}
footer{padding-bottom:0}
section{border:0;border-top:2px solid var(--rule);border-radius:0;padding:.9rem 0 0;margin:1rem 0 0}
p{break-inside:avoid}
h2,h3,figcaption,.lead,caption,thead,tbody tr:nth-child(-n+2){break-after:avoid}
.tiles{gap:.5rem;margin:.8rem 0}
.tiles>div{padding:.5rem .7rem;break-inside:avoid}
.tiles .figure{font-size:1.5rem}
.wins>li,.risks li,tr,.facts>div,.method>div,svg,.banner,.key,.none{break-inside:avoid}
.wins>li{padding:.45rem 0}
.method{font-size:.92rem}
.method>div{padding-bottom:.4rem}
figure,.wins>li{margin-top:0}
thead{display:table-header-group}
th,td{padding:.25rem .4rem}
tbody th{text-align:left;min-width:0}
.scroll{overflow:visible;background:none}
figure{margin-top:.9rem}
header,main>section:first-child{margin-top:0}
a{color:inherit;text-decoration:none}
}
)css";

}  // namespace

const std::string& style_sheet() {
  static const std::string sheet =
      std::string(kColours) + kText + kParts + kTables + kCharts + kSizes + kPaper;
  return sheet;
}

std::string content_security_policy() {
  const std::string& sheet = style_sheet();
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(sheet.data()), sheet.size(), digest.data());
  std::array<unsigned char, 64> base64{};
  EVP_EncodeBlock(base64.data(), digest.data(), static_cast<int>(digest.size()));
  return std::string("default-src 'none'; style-src 'sha256-") +
         reinterpret_cast<const char*>(base64.data()) + "'; base-uri 'none'; form-action 'none'";
}

}  // namespace argo::report
