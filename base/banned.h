/*
 * Functions that must not be used, made unusable.  The build includes this file ahead of every
 * source.
 *
 * The headers that declare them come first: a poisoned name may not even be declared afterwards.
 * setlocale is among them because strtod and printf, here and in cJSON, must go on reading and
 * writing a point in numbers.
 */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wchar.h>

/* Some C libraries make these macros too. */
#undef strcpy
#undef strcat
#undef sprintf
#undef vsprintf
#undef gets
#undef strtok
#undef atoi
#undef atol
#undef atoll
#undef atof
#undef gmtime
#undef localtime
#undef ctime
#undef asctime
#undef rand
#undef srand

#pragma GCC poison strcpy strcat sprintf vsprintf gets strtok atoi atol atoll atof
#pragma GCC poison gmtime localtime ctime asctime rand srand
#pragma GCC poison setlocale uselocale

#endif
