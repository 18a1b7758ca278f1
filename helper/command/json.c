/* The command's own JSON objects, see json.h. */
#include "json.h"

#include "text.h"

#include <stdio.h>
#include <stdlib.h>

json_t *json_text(const char *text)
{
	if (text == NULL)
		return json_null();
	char *plain = text_plain_copy(text);
	json_t *value = plain == NULL ? NULL : json_string(plain);
	free(plain);
	return value;
}

json_t *json_hex(uint32_t value)
{
	return value == 0 ? json_null() : json_sprintf("0x%08X", value);
}

void json_emit(json_t *object)
{
	char *text = object == NULL ? NULL : json_dumps(object, JSON_COMPACT);
	puts(text != NULL
	             ? text
	             : "{\"verb\":null,\"condition\":null,\"healthy\":null,\"error\":\"out of memory\",\"exit\":70}");
	free(text);
	json_decref(object);
}

json_t *json_failure(const char *verb, const char *error, int exit_code)
{
	return json_pack("{so sn sn so si}", "verb", json_text(verb), "condition", "healthy", "error", json_text(error),
	                 "exit", exit_code);
}
