/**
 * Plugin of Swagger UI. A form begins with empty fields, which are not sent. Without it, each optional field is sent with
 * the text `string`, and an optional list of files with a file that contains that text.
 */
const emptyForms = {
  wrapComponents: {
    RequestBody: (Original, { React }) =>
      function RequestBody(props) {
        const getSampleSchema = (schema, mediaType, ...rest) =>
          mediaType === false ? emptyValue(schema) : props.fn.getSampleSchema(schema, mediaType, ...rest)
        return React.createElement(Original, { ...props, fn: { ...props.fn, getSampleSchema } })
      },
    ParameterIncludeEmpty: (Original, { React }) =>
      function ParameterIncludeEmpty(props) {
        const isIncludedOptions = { ...props.isIncludedOptions, defaultValue: false }
        return React.createElement(Original, { ...props, isIncludedOptions })
      },
  },
}

/** Returns the first value of a field: for a list, as many empty entries as it needs. */
function emptyValue(schema) {
  const { type, minItems = 0 } = schema.toJS ? schema.toJS() : schema
  return type === 'array' ? Array(minItems).fill('') : ''
}

/**
 * Plugin of Swagger UI. A parameter that can be absent begins empty. Without it, the page sends its example: a checksum
 * of another file, the version of another asset, or a key that was used before.
 */
const emptyParameters = {
  statePlugins: {
    spec: {
      wrapActions: {
        updateJsonSpec: (original) => (document) => original(withoutExamples(document)),
      },
    },
  },
}

/** Returns a part of the OpenAPI document without the examples of parameters that can be absent. */
function withoutExamples(part) {
  if (typeof part !== 'object' || part === null) return part
  if (Array.isArray(part)) return part.map(withoutExamples)
  const { example: _example, examples: _examples, ...rest } = part
  const kept = (part.in === 'header' || part.in === 'query') && !part.required ? rest : part
  return Object.fromEntries(Object.entries(kept).map(([name, value]) => [name, withoutExamples(value)]))
}

// Without `validatorUrl: null` the page sends the document's address to validator.swagger.io, and with query
// parameters anybody could make it load a document of another host.
window.SwaggerUIBundle({
  // next to the folder of this script, also below the base path of the service
  url: new URL('../openapi.json', document.currentScript.src).href,
  domNode: document.getElementById('docs'),
  deepLinking: true,
  docExpansion: 'list',
  plugins: [emptyForms, emptyParameters],
  queryConfigEnabled: false,
  validatorUrl: null,
})
