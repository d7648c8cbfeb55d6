#!/usr/bin/env bash
# Renews the list of public mail providers from two npm packages, at the versions below: raise them first.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

PACKAGES=(free-email-domains@1.12.6 email-providers@2.26.0)
LIST=$ROOT/server/src/services/domain_invites/mail_providers.txt

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for package in "${PACKAGES[@]}"; do
    mkdir "$folder/$package"
    # Only the data is taken; nothing of the package runs.
    (cd "$folder" && retry npm pack --ignore-scripts --silent "$package" >"$package.name" && tar -xzf "$(cat "$package.name")" -C "$package" --strip-components=1)
done

node - "$folder" "${PACKAGES[@]}" >"$LIST" <<'JS'
const { existsSync, readFileSync, readdirSync } = require('node:fs');
const { domainToASCII } = require('node:url');
const [folder, ...packages] = process.argv.slice(2);
const read = (path) => JSON.parse(readFileSync(path, 'utf8'));
const lists = packages.map((name) => read(['domains.json', 'all.json'].map((file) => `${folder}/${name}/${file}`).find(existsSync)));
// Missing in both.
lists.push(['disroot.org', 'riseup.net', 'simplelogin.com', 'startmail.com', 'tuta.com', 'tutamail.com', 'tutanota.com', 'tutanota.de']);
// Reserved for examples (RFC 2606), which nobody gets mail at.
const reserved = ['example.com', 'example.net', 'example.org'];
const domains = new Set(lists.flat().map((domain) => domainToASCII(domain)).filter((domain) => domain && !reserved.includes(domain)));
console.log('# Domains at which anybody can get an address. Made by scripts/mail_providers.sh from these npm packages:');
for (const name of packages) {
    const licence = readFileSync(`${folder}/${name}/${readdirSync(`${folder}/${name}`).find((file) => /^licen[sc]e/i.test(file))}`, 'utf8');
    console.log(`#\n# ${name}\n#`);
    console.log(licence.trim().split('\n').map((line) => `#   ${line}`.trimEnd()).join('\n'));
}
console.log([...domains].sort().join('\n'));
JS
note "$(grep -vc '^#' "$LIST") domains in ${LIST#"$ROOT"/}"
