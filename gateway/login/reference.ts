// Where a login has its username or password: what an expression such as
// `http.request.body.form["log"][0]` refers to.

/**
 * `body`: a member of the body, whether it comes as a form, as multipart or as JSON. An application
 * may read each of them, so that a login has to be found in each.
 */
export type FieldReference =
  | { readonly place: 'body'; readonly path: readonly string[] }
  | { readonly place: 'query'; readonly name: string }
  | { readonly place: 'header'; readonly name: string }
  | { readonly place: 'basic'; readonly part: 'username' | 'password' }
  | { readonly place: 'xmlrpc'; readonly position: number };
