// OpenID providers for the tests of the server and for browser journeys: real ones, each playing one that is common.
//
// Without an argument the plain one alone, otherwise those that are named, or "all". Prints one line of JSON with the issuer of each,
// and with the one of the first as `issuer`, and ends when its standard input does.
import { profiles } from './profiles.mjs';
import { CLIENT, SECRET, start } from './server.mjs';

const named = process.argv.slice(2);
const chosen = named[0] === 'all' ? Object.keys(profiles) : named.length > 0 ? named : ['plain'];
const print = console.log;
// Nobody reads what the library has to say there.
console.log = console.info = console.error;

const issuers = {};
for (const name of chosen) issuers[name] = await start(profiles[name]);
print(JSON.stringify({ issuer: issuers[chosen[0]], issuers, client: CLIENT, secret: SECRET }));

process.stdin.resume().on('end', () => process.exit(0));
