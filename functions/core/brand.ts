declare const brand: unique symbol;

/**
 * A `Base` with a name, so that a session id is not a secret. Only one function makes each brand.
 */
export type Brand<Base, Name extends string> = Base & { readonly [brand]: Name };
