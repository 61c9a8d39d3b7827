// Writes the rows of a view as CSV, for programs that read no database.
#ifndef ARGO_LOADER_EXPORT_H_
#define ARGO_LOADER_EXPORT_H_

#include "loader/exit_code.h"

#include <string>

namespace argo::loader {

struct Context;

// A view that can be exported, and which of its columns says when.
struct ExportView {
  const char* name;
  const char* time_column;
  bool is_of_days;  // dates of the site's calendar, not instants
};

// Returns the view of that name, or nullptr.
const ExportView* find_export_view(const std::string& name);

// Returns the names of all of them.
std::string export_views_in_words();

// Streams the rows of the view and period of the command line. Throws Failure.
ExitCode run_export(const Context& context);

}  // namespace argo::loader

#endif  // ARGO_LOADER_EXPORT_H_
