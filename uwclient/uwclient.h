/*
 * uwclient: everything that is asked of the Unusual Whales API, and the daemon that keeps the flow
 * cache.
 *
 * One client is the only way out: a path that is not in unusual_whales_api/api_spec.yaml, a query
 * parameter it does not know and a symbol outside the caller's scope are refused before a counter,
 * a file or a socket is touched.  Nothing here knows about trading; the engine reads
 * data/uw_flow_cache.json and never calls.
 *
 * The way of a request, top to bottom:
 *
 *   endpoints.def  the one table of endpoints, policies and poll jobs
 *   endpoints.c    look-ups in that table
 *   yaml_tree.c    YAML events into a tree: anchors, aliases, merge keys
 *   spec.c         the allow-list read from the OpenAPI file, and its states
 *   match.c        a candidate path against the allow-list
 *   params.c       query parameters in their three forms
 *   scope.c        which symbols a caller may ask about
 *   cache.c        answers kept on disk, found by the hash of the question
 *   window.c       requests of the last 60 s, safe against steps of the wall clock
 *   usage.c        the budget shared by all processes: minute, day, endpoint, server backoff
 *   usage_file.c   the budget's state file, and how it is rebuilt when it is lost
 *   quota_log.c    one line for each attempt; what the budget is rebuilt from
 *   client.c       the order of checks, one call
 *   transport.c    attempts, retries, what an HTTP status means for the budget
 *   client_log.c   the events of a call, and the bodies that stand for "no data"
 *
 * The way of an answer:
 *
 *   decode.c          rows, numbers, instants; the newest row
 *   drift.c           fields that are unknown, missing or of another type, counted by endpoint
 *   drift_shapes.c    the fields that the endpoints are known to send
 *   decode_flow.c     flow alerts: what is kept, and the summary
 *   decode_darkpool.c dark-pool prints
 *   decode_market.c   market tide, top net impact, net premium ticks
 *   decode_options.c  greek exposure, greeks by strike, max pain, IV rank, open interest
 *   decode_company.c  fund flow, fails to deliver, insiders, earnings, congress, owners
 *   decode_extra.c    endpoints that have a policy and no daemon job
 *   flow_object.c     a JSON object as a list of texts
 *   flow_model.c      the flow cache in memory: tickers, members, retention
 *   flow_cache.c      merge with the file, flush
 *
 * The daemon:
 *
 *   schedule.c     pure: which job is next, and when
 *   jobs.c         the table from job to poll
 *   poll.c         one poll: ask, store; poll_flow.c, poll_market.c, poll_option.c, poll_company.c
 * are the polls themselves schedule_file.c  state/smart_poller.json daemon.c       the loop:
 * sessions, limits, flush, cycle records, stop daemon_log.c   events and records of the daemon
 *   main.c         uw_flow_daemon: wiring and the single-instance lock
 */
#ifndef UWCLIENT_UWCLIENT_H
#define UWCLIENT_UWCLIENT_H

#include "uwclient/client.h"
#include "uwclient/endpoints.h"

#endif
