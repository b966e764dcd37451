import { basic } from './basic';
import { bearer } from './bearer';

/** The ways to log in: `auth.basic({ username, password })`, `auth.bearer({ token })`. */
export const auth = { basic, bearer };
