#include <libxml/xmlversion.h>
/* Keeps ICU's C headers out: Foundation brings its own copies of the same types. */
#undef LIBXML_ICU_ENABLED
#include <libxml/HTMLparser.h>
#include <libxml/hash.h>
#include <libxml/parser.h>

/* Takes any number of arguments, as no function of Swift's can. */
static inline void clibxml2_drop(void *context, const char *format, ...) {
    (void)context;
    (void)format;
}

/* Keeps what libxml2 says without calling it an error off this thread's standard error. */
static inline void clibxml2_drop_messages(void) { xmlSetGenericErrorFunc(NULL, clibxml2_drop); }
