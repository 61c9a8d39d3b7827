// The command argo-sim: runs the simulator until it is told to stop.
#include <pthread.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <exception>
#include <fstream>
#include <string>

#include "simulator.h"

namespace {

// Writes the ports so that a reader sees either nothing or all.
bool print_ports(const std::string& file, int http_port, int raw_port) {
  const std::string draft = file + ".tmp";
  {
    std::ofstream out(draft);
    out << http_port << ' ' << raw_port << '\n';
    if (!out.flush()) {
      return false;
    }
  }
  return std::rename(draft.c_str(), file.c_str()) == 0;
}

// Runs the simulator; returns the exit code.
int run(const argo::sim::Options& options, const std::string& ports_file) {
  // Blocked before any thread starts, so that only the wait below receives them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  argo::sim::Simulator simulator(options);
  if (!ports_file.empty() &&
      !print_ports(ports_file, simulator.http_port(), simulator.raw_port())) {
    std::fprintf(stderr, "argo-sim: could not write %s\n", ports_file.c_str());
    return 1;
  }
  std::printf("argo-sim: %s://%s:%d/ raw port %d\n",
              options.http.certificate.empty() ? "http" : "https", options.http.host.c_str(),
              simulator.http_port(), simulator.raw_port());
  std::fflush(stdout);
  int signal = 0;
  sigwait(&signals, &signal);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  argo::sim::Options options;
  std::string ports_file;
  CLI::App app("Simulates the Eniscope Core API, with its quirks and, on request, its faults.");
  app.add_option("--port", options.http.port, "HTTP port; 0 for any free one")
      ->capture_default_str();
  app.add_option("--raw-port", options.raw_port, "port for faults below HTTP; 0 for any free one")
      ->capture_default_str();
  app.add_option("--host", options.http.host, "IPv4 address to listen on")->capture_default_str();
  app.add_option("--seed", options.api.seed, "number from which every value derives")
      ->capture_default_str();
  app.add_option("--now", options.api.now, "fixed time in Unix seconds; the real time without it");
  app.add_option("--latency-ms", options.api.latency_ms, "delay added to each API request")
      ->capture_default_str();
  app.add_option("--max-records", options.api.max_records,
                 "records above which an answer comes at a coarser resolution")
      ->capture_default_str();
  app.add_option("--api-key", options.api.credentials.api_key)->capture_default_str();
  app.add_option("--email", options.api.credentials.email)->capture_default_str();
  app.add_option("--password", options.api.credentials.password)->capture_default_str();
  auto* certificate =
      app.add_option("--cert", options.http.certificate, "certificate chain (PEM), for HTTPS");
  auto* key = app.add_option("--key", options.http.key, "its private key (PEM)");
  certificate->needs(key);
  key->needs(certificate);
  app.add_option("--threads", options.http.threads, "most connections served at once")
      ->capture_default_str();
  app.add_option("--print-ports", ports_file, "file that receives \"http_port raw_port\"");
  CLI11_PARSE(app, argc, argv);
  try {
    return run(options, ports_file);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "argo-sim: %s\n", error.what());
    return 1;
  }
}
