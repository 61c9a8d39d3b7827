// Changes to records, envelope and names that a client must refuse or survive.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "faults.h"

namespace argo::sim {

// Tells whether a mutation is known.
bool is_mutation(std::string_view name);

// Lists all mutations.
std::vector<std::string> mutation_names();

// Tells the resolution that the records of a "coarser" answer have instead of the asked one.
int64_t coarser_than(int64_t resolution);

// Applies the mutation that the fault's `mutate` names.
void spoil_records(const FaultContext& context, Answer& answer);

}  // namespace argo::sim
