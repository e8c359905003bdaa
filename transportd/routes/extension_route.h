// SPDX-License-Identifier: Apache-2.0

// TCLO commands that extensions answer (docs/extending.md).

#ifndef TOOLBOXD_TRANSPORTD_ROUTES_EXTENSION_ROUTE_H_
#define TOOLBOXD_TRANSPORTD_ROUTES_EXTENSION_ROUTE_H_

#include "transportd/extensions/extensions.h"
#include "transportd/routes/router.h"

namespace toolboxd {

// Makes the router ask the extension that a command is bound to, before any handler of its own. The
// bindings are those of the moment: they follow Extensions::Load(). An extension's error becomes
// "ERROR <message>". `extensions` must outlive the router.
void AddExtensionRoute(Router& router, const Extensions* extensions);

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_ROUTES_EXTENSION_ROUTE_H_
