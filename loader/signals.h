// Ends the program within a second of SIGINT, SIGTERM or SIGHUP, whatever hangs.
#ifndef ARGO_LOADER_SIGNALS_H_
#define ARGO_LOADER_SIGNALS_H_

namespace argo::loader {

// Has SIGINT, SIGTERM and, unless it is ignored, SIGHUP noted from now on. A second one ends the
// program at once; so does the first, with the same exit code of 128 + signal, where the program
// has not ended 0.9 s later.
void install_stop_signals();

// Returns the signal that asked the program to end, or 0.
int stop_signal() noexcept;

}  // namespace argo::loader

#endif  // ARGO_LOADER_SIGNALS_H_
