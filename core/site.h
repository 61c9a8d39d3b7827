// Reads a site from the API: its organization, its devices and its channels.
#ifndef ARGO_CORE_SITE_H_
#define ARGO_CORE_SITE_H_

#include "host_free.h"

#include <string>

#include "fetcher.h"
#include "model.h"

namespace argo {

// Fetches a site. Its first request is the login. Throws Error where the login is refused, the API
// cannot be reached, the site is not among those that the login may see, or a list is not whole.
Site fetch_site(Fetcher& fetcher, Host& host, const std::string& site);

}  // namespace argo

#endif  // ARGO_CORE_SITE_H_
