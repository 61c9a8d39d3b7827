// The query that finds how buckets of a materialized view differ from what they should be.
#ifndef ARGO_EXT_MERGE_QUERY_H_
#define ARGO_EXT_MERGE_QUERY_H_

#include <string>

#include "pg.h"

namespace argo::pg {

// Columns of the query in front of the view's own: place of the old row, whether there is a new
// one, the number of source rows, whether one of their keys came twice.
constexpr int kMergeHeadColumns = 4;

// Makes the query for a view from the registry of `schema`, quoted, and the catalogs. Its
// parameters are arrays: meters, range_starts, range_ends, first_buckets, last_buckets. The first
// row only has the two counts; any other is an old row that goes (no new one), a new one (no place)
// or both. SPI must be open and the view locked. Throws Error where the view is not registered with
// a range function, has no unique index, or where its owner need not trust whose the function is.
std::string merge_query(const std::string& schema, Oid view);

}  // namespace argo::pg

#endif  // ARGO_EXT_MERGE_QUERY_H_
