// Makes a PDF of a page by a program that is installed for it.
#ifndef ARGO_LOADER_PDF_H_
#define ARGO_LOADER_PDF_H_

#include <string>

namespace argo::loader {

// Returns the path of the program that makes PDFs here. Throws Failure (configuration) where none
// is installed.
std::string find_pdf_program();

// Returns the PDF of a page. Works in a directory of its own in `directory`, which is gone
// afterwards. Throws Failure where the program fails or takes over a minute, and Cancelled.
std::string pdf_of(const std::string& program, const std::string& html,
                   const std::string& directory);

}  // namespace argo::loader

#endif  // ARGO_LOADER_PDF_H_
