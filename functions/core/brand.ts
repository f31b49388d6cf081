declare const brand: unique symbol;

/** A `Base` that only its own maker can make: a session id is not a secret, seconds are not a date. */
export type Brand<Base, Name extends string> = Base & { readonly [brand]: Name };
