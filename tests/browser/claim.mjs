// What a program promises, one line a claim.

import { stripVTControlCharacters } from "node:util";

/** Gives the function that checks a claim. At the first that does not hold it closes and exits with 1. */
export function claiming(close) {
  return async (text, check) => {
    try {
      await check();
      console.log(`ok      ${text}`);
    } catch (error) {
      const reason = stripVTControlCharacters(error.stack).replaceAll("\n", "\n        ");
      console.log(`FAILED  ${text}\n        ${reason}`);
      await close();
      process.exit(1);
    }
  };
}
