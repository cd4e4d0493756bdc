#include <libxml/xmlversion.h>
/* Keeps ICU's C headers out: Foundation brings its own copies of the same types. */
#undef LIBXML_ICU_ENABLED
#include <libxml/HTMLparser.h>
#include <libxml/hash.h>
#include <libxml/parser.h>
