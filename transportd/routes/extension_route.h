// SPDX-License-Identifier: Apache-2.0

// TCLO commands that extensions answer (docs/extending.md).

#ifndef TOOLBOXD_TRANSPORTD_ROUTES_EXTENSION_ROUTE_H_
#define TOOLBOXD_TRANSPORTD_ROUTES_EXTENSION_ROUTE_H_

#include <functional>

#include "transportd/extensions/extensions.h"
#include "transportd/routes/router.h"

namespace toolboxd {

// Makes the router ask the extension that a command is bound to, before any handler of its own. The
// bindings are those of the moment: they follow Extensions::Load(). An extension's error becomes
// "ERROR <message>". While `standstill` says so, extensions are not asked: they may wait for a
// disk. `extensions` must outlive the router.
void AddExtensionRoute(
    Router& router, const Extensions* extensions,
    std::function<bool()> standstill = [] { return false; });

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_ROUTES_EXTENSION_ROUTE_H_
