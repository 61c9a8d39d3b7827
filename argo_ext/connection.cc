// The connection to the API as PostgreSQL keeps it: a foreign server and a user mapping of it.
#include "connection.h"

#include "../core/error.h"
#include "../core/text.h"

#include "boundary.h"
#include "compat.h"

namespace argo::pg {

namespace {

constexpr char kWrapper[] = "eniscope";
constexpr char kUndefinedObject[] = "42704";
constexpr char kWrongObjectType[] = "42809";

// One option as plain data.
struct PlainOption {
  const char* name;
  const char* value;
};

struct PlainOptions {
  PlainOption* options;
  int count;
};

// Lists DefElems as plain data.
PlainOptions to_plain(List* elements) {
  PlainOptions plain{};
  plain.options = static_cast<PlainOption*>(
      palloc(sizeof(PlainOption) * static_cast<std::size_t>(list_length(elements) + 1)));
  ListCell* cell = nullptr;
  foreach (cell, elements) {
    auto* element = static_cast<DefElem*>(lfirst(cell));
    plain.options[plain.count++] = {element->defname, defGetString(element)};
  }
  return plain;
}

Options to_options(const PlainOptions& plain) {
  Options options;
  for (int i = 0; i < plain.count; ++i)
    options.emplace_back(plain.options[i].name, plain.options[i].value);
  return options;
}

// Says whether the user has a mapping to the server, its own or the public one.
bool has_mapping(Oid user, Oid server) {
  return SearchSysCacheExists2(USERMAPPINGUSERSERVER, ObjectIdGetDatum(user),
                               ObjectIdGetDatum(server)) ||
         SearchSysCacheExists2(USERMAPPINGUSERSERVER, ObjectIdGetDatum(InvalidOid),
                               ObjectIdGetDatum(server));
}

}  // namespace

Settings connection_settings(const std::string& server) {
  const std::string name = call([&]() -> const char* { return quote_identifier(server.c_str()); });
  const ForeignServer* found = call([&] { return GetForeignServerByName(server.c_str(), true); });
  if (found == nullptr)
    throw Error(kUndefinedObject, "server \"" + printable(server, 64) + "\" does not exist",
                "Argo reaches the API through a foreign server. Nothing was stored.",
                "CREATE SERVER " + name +
                    " FOREIGN DATA WRAPPER eniscope OPTIONS (url 'https://core.eniscope.com');");
  const bool is_ours =
      call([&] { return strcmp(GetForeignDataWrapper(found->fdwid)->fdwname, kWrapper) == 0; });
  if (!is_ours)
    throw Error(kWrongObjectType, "server " + name + " does not belong to the wrapper eniscope",
                "Its options are not those of the API. Nothing was stored.",
                "Name a server that was made with FOREIGN DATA WRAPPER eniscope.");
  const AclResult usage =
      call([&] { return foreign_server_aclcheck(found->serverid, GetUserId(), ACL_USAGE); });
  if (usage != ACLCHECK_OK) {
    const std::string role = call(
        []() -> const char* { return quote_identifier(GetUserNameFromId(GetUserId(), false)); });
    throw Error(sqlstate::kNoRights, "permission denied for foreign server " + name,
                "Nothing was stored.",
                "GRANT USAGE ON FOREIGN SERVER " + name + " TO " + role + ";");
  }
  if (!call([&] { return has_mapping(GetUserId(), found->serverid); }))
    throw Error(kUndefinedObject, "no user mapping for the current user on server " + name,
                "The mapping holds the login to the API. Nothing was stored.",
                "CREATE USER MAPPING FOR CURRENT_USER SERVER " + name +
                    " OPTIONS (api_key '...', email '...', password '...');");
  const PlainOptions server_options = call([&] { return to_plain(found->options); });
  const PlainOptions mapping_options =
      call([&] { return to_plain(GetUserMapping(GetUserId(), found->serverid)->options); });
  return make_settings(to_options(server_options), to_options(mapping_options));
}

}  // namespace argo::pg

ARGO_FUNCTION(argo_eniscope_validator, Statement::kHoldsSecrets) {
  using argo::pg::call;
  const auto plain =
      call([=] { return argo::pg::to_plain(untransformRelOptions(PG_GETARG_DATUM(0))); });
  const argo::Options options = argo::pg::to_options(plain);
  switch (PG_GETARG_OID(1)) {
    case ForeignServerRelationId:
      argo::check_server_options(options);
      break;
    case UserMappingRelationId:
      argo::check_mapping_options(options);
      break;
    default:
      if (!options.empty())
        throw argo::Error(argo::sqlstate::kOptionUnknown,
                          "unknown option \"" + argo::printable(options.front().first) + "\"",
                          "The foreign data wrapper itself takes no options.",
                          "Put url on the server, and the login into the user mapping.");
  }
  PG_RETURN_VOID();
}
