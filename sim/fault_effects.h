// What each fault of the answer and list layers does; see the table in faults.cc.
#pragma once

#include <string>

#include "faults.h"

namespace argo::sim {

void spoil_status(const FaultContext& context, Answer& answer);
void spoil_hang(const FaultContext& context, Answer& answer);
void spoil_slow(const FaultContext& context, Answer& answer);
void spoil_truncated(const FaultContext& context, Answer& answer);
void spoil_invalid_json(const FaultContext& context, Answer& answer);
void spoil_deep_json(const FaultContext& context, Answer& answer);
void spoil_html(const FaultContext& context, Answer& answer);
void spoil_error_200(const FaultContext& context, Answer& answer);
void spoil_empty(const FaultContext& context, Answer& answer);
void spoil_gzip(const FaultContext& context, Answer& answer);
void spoil_gzip_bomb(const FaultContext& context, Answer& answer);
void spoil_corrupt_gzip(const FaultContext& context, Answer& answer);
void spoil_truncated_gzip(const FaultContext& context, Answer& answer);
void spoil_oversized(const FaultContext& context, Answer& answer);
void spoil_chunked(const FaultContext& context, Answer& answer);
void spoil_content_type(const FaultContext& context, Answer& answer);
void spoil_bom(const FaultContext& context, Answer& answer);
void spoil_redirect(const FaultContext& context, Answer& answer);
void spoil_token_expired(const FaultContext& context, Answer& answer);

void bend_repeat(const Json& params, ListTweaks& tweaks);
void bend_missing(const Json& params, ListTweaks& tweaks);
void bend_short(const Json& params, ListTweaks& tweaks);
void bend_duplicate(const Json& params, ListTweaks& tweaks);
void bend_total(const Json& params, ListTweaks& tweaks);
void bend_no_meta(const Json& params, ListTweaks& tweaks);
void bend_numeric_ids(const Json& params, ListTweaks& tweaks);
void bend_result(const Json& params, ListTweaks& tweaks);

}  // namespace argo::sim
