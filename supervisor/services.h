/*
 * The services, in the order of their start.
 */
#ifndef SUPERVISOR_SERVICES_H
#define SUPERVISOR_SERVICES_H

#include "supervisor/machine.h"

enum service_id {
    SERVICE_SIM, /* first: the others talk to it; last to stop */
    SERVICE_DAEMON,
    SERVICE_ENGINE,
    SERVICES
};

extern const struct service_rules SERVICE_RULES[SERVICES];

#endif
