import { below, ca, end, issue, right, root, wrong } from "./chain_case.ts";
import { type Der, explicit, implicit, sequence } from "./der_writer.ts";
import * as make from "./forge.ts";
import { extension, forge, type Forged, generalName, nameConstraints } from "./forge.ts";

// RFC 5280, Section 4.2.1.10.
type Names = { permitted?: readonly Der[]; excluded?: readonly Der[] };

function constrained(limits: Names, ...list: Der[]): Forged[] {
  const above = below(root, { subject: "narrow", extensions: [...ca, nameConstraints(limits)] });
  const extensions = [make.keyUsage(0), make.alternativeNames(generalName.dns("a.test"), ...list)];
  return [issue(above, { extensions, subject: sequence() }), above];
}

function within(what: string, limits: Names, ...list: Der[]): void {
  right(what, constrained(limits, ...list));
}

function outside(what: string, limits: Names, ...list: Der[]): void {
  wrong(what, constrained(limits, ...list));
}

function disputed(openssl: string, what: string, limits: Names, ...list: Der[]): void {
  wrong(what, constrained(limits, ...list), { openssl });
}

const { dns, email, uri, ip, directory } = generalName;
const fine = [dns("test")];
within("permitted domain", { permitted: [dns("test")] });
within("permitted domain in capitals", { permitted: [dns("TeST")] });
within("permitted name itself", { permitted: [dns("a.test")] });
within("permitted, all", { permitted: [dns("")] });
within("permitted wildcard", { permitted: fine }, dns("*.b.test"));
outside("permitted another domain", { permitted: [dns("b.test")] });
outside("permitted end of a label", { permitted: [dns("est")] });
outside("permitted one of two", { permitted: [dns("a.test")] }, dns("b.test"));
outside("permitted name below a wildcard", { permitted: [dns("a.test")] }, dns("*.test"));
within("excluded another domain", { excluded: [dns("b.test")] });
outside("excluded domain", { excluded: [dns("test")] });
outside("excluded, all", { excluded: [dns("")] });
outside("excluded and permitted", { excluded: [dns("a.test")], permitted: fine });
disputed("OpenSSL compares a wildcard as if it were a name", "excluded name below a wildcard", {
  excluded: [dns("x.b.test")],
}, dns("*.b.test"));
disputed("OpenSSL compares any text", "excluded domain with a dot behind", {
  excluded: [dns("b.test.")],
});
disputed("OpenSSL compares any text", "excluded wildcard", { excluded: [dns("*.b.test")] });
within("permitted below, by a period", { permitted: [dns(".test")] });
outside("permitted below only", { permitted: [dns(".a.test")] });
disputed(
  "OpenSSL excludes by a period what is below only",
  "excluded below, and so the domain",
  { excluded: [dns(".a.test")] },
);
disputed(
  "OpenSSL compares any text",
  "a name with a dot behind",
  { excluded: [dns("b")] },
  dns("b."),
);
within("permitted network", { permitted: [ip(10, 0, 0, 0, 255, 0, 0, 0)] }, ip(10, 1, 2, 3));
outside(
  "permitted another network",
  { permitted: [ip(10, 0, 0, 0, 255, 0, 0, 0)] },
  ip(11, 1, 1, 1),
);
outside("excluded network", { excluded: [ip(10, 0, 0, 0, 255, 0, 0, 0)] }, ip(10, 1, 2, 3));
disputed(
  "OpenSSL applies any mask bit by bit",
  "a mask with a hole",
  { permitted: [ip(10, 0, 0, 0, 255, 0, 255, 0)] },
  ip(10, 1, 0, 3),
);
outside("a mask of three bytes", { permitted: [ip(10, 0, 0, 0, 255, 0, 0)] }, ip(10, 1, 2, 3));
outside(
  "permitted IPv4 and an address of IPv6",
  { permitted: [ip(10, 0, 0, 0, 255, 0, 0, 0)] },
  ip(...new Uint8Array(16)),
);
within("permitted network and no address", { permitted: [ip(10, 0, 0, 0, 255, 0, 0, 0)] });
within("permitted host of mail", { permitted: [email("b.test")] }, email("Me@B.test"));
within("permitted mailbox", { permitted: [email("me@b.test")] }, email("me@b.test"));
outside("permitted another mailbox", { permitted: [email("you@b.test")] }, email("me@b.test"));
outside("permitted host, mail below it", { permitted: [email("b.test")] }, email("me@c.b.test"));
within("permitted below, for mail", { permitted: [email(".test")] }, email("me@b.test"));
outside(
  "permitted below, mail at the domain",
  { permitted: [email(".b.test")] },
  email("me@b.test"),
);
outside("excluded host of mail", { excluded: [email("b.test")] }, email("me@b.test"));
disputed(
  "OpenSSL takes the last of two signs for the one that counts",
  "mail with two signs",
  { permitted: [email("b.test")] },
  email("me@c.test@b.test"),
);
within("permitted host of a URI", { permitted: [uri("b.test")] }, uri("https://b.test:1/x"));
outside("permitted another host of a URI", { permitted: [uri("b.test")] }, uri("ftp://c.test"));
within("permitted below, for a URI", { permitted: [uri(".test")] }, uri("https://me@b.test/"));
outside("excluded host of a URI", { excluded: [uri("b.test")] }, uri("https://b.test"));
outside("a URI without a host", { permitted: [uri("b.test")] }, uri("urn:x"));
disputed(
  "OpenSSL compares the address as if it were a host",
  "a URI with an address",
  { excluded: [uri("b.test")] },
  uri("https://192.0.2.7/"),
);
const org = make.attribute("2.5.4.10", "Works");
const unit = make.attribute("2.5.4.11", "Shop");
within(
  "permitted directory name",
  { permitted: [directory(sequence(org))] },
  directory(sequence(org, unit)),
);
within(
  "permitted directory name in capitals",
  { permitted: [directory(sequence(make.attribute("2.5.4.10", "WORKS", 0x13)))] },
  directory(sequence(org, unit)),
);
outside(
  "permitted longer directory name",
  { permitted: [directory(sequence(org, unit))] },
  directory(sequence(org)),
);
outside(
  "permitted another directory name",
  { permitted: [directory(sequence(unit))] },
  directory(sequence(org)),
);
outside(
  "excluded directory name",
  { excluded: [directory(sequence(org))] },
  directory(sequence(org, unit)),
);
outside(
  "excluded, every directory name",
  { excluded: [directory(sequence())] },
  directory(sequence(org)),
);
within("excluded form that is not understood", { excluded: [generalName.registered("1.2.3")] });
outside(
  "a name of a form that is not understood",
  { excluded: [generalName.registered("1.2.3")] },
  generalName.registered("1.2.4"),
);
disputed("OpenSSL tells other names apart by their type", "an odd name", {
  excluded: [generalName.other("1.2.3")],
}, generalName.other("1.2.4"));

/** Constraints as an extension of their own making. */
function raw(...content: Der[]): Forged[] {
  const limits = extension("2.5.29.30", sequence(...content), true);
  const above = below(root, { subject: "raw", extensions: [...ca, limits] });
  return [issue(above), above];
}

wrong("constraints of nothing", raw(), { openssl: "OpenSSL lets it pass without -x509_strict" });
wrong("constraints of empty lists", raw(explicit(0), explicit(1)), {
  openssl: "OpenSSL takes empty lists for none",
});
wrong(
  "a constraint with a minimum",
  raw(explicit(1, sequence(dns("b"), implicit(0, Uint8Array.of(1))))),
);
wrong(
  "a constraint with a maximum",
  raw(explicit(1, sequence(dns("b"), implicit(1, Uint8Array.of(1))))),
);
wrong("constraints in a leaf", [
  issue(root, { extensions: [...end, nameConstraints({ permitted: fine })] }),
], { openssl: "OpenSSL lets it pass without -x509_strict" });
{
  const limits = (...list: string[]) => nameConstraints({ permitted: list.map(dns) });
  const wide = below(root, { subject: "wide", extensions: [...ca, limits("a.test", "b.test")] });
  const narrow = below(wide, { subject: "narrow", extensions: [...ca, limits("b.test")] });
  wrong("constraints narrowed below", [issue(narrow), narrow, wide]);
  const tight = below(root, { subject: "tight", extensions: [...ca, limits("b.test")] });
  const loose = below(tight, { subject: "loose", extensions: [...ca, limits("a.test")] });
  wrong("constraints widened below", [issue(loose), loose, tight]);
  const above = forge({ subject: "top", extensions: [...ca, limits("b.test")] });
  wrong("constraints of the root", [issue(above)], { anchors: [above] });
  const soft = extension("2.5.29.30", sequence(explicit(0, sequence(dns("b.test")))));
  const gentle = below(root, { subject: "gentle", extensions: [...ca, soft] });
  wrong("constraints that are not critical", [issue(gentle), gentle]);
}
{
  const limits = nameConstraints({ permitted: [dns("a.test")] });
  const above = below(root, { subject: "shop", extensions: [...ca, limits] });
  const stray = make.alternativeNames(dns("c.test"));
  const named = below(above, { subject: "named", extensions: [...ca, stray] });
  wrong("constraints on an intermediate's name", [issue(named), named, above]);
  const own = below(above, { subject: above.subject, extensions: [...ca, stray] });
  right("constraints on a self-issued intermediate's name", [issue(own), own, above], {
    openssl: "OpenSSL takes a self-issued certificate without key identifiers for self-signed",
  });
  const last = issue(above, { subject: above.subject, extensions: [make.keyUsage(0), stray] });
  wrong("constraints on a self-issued leaf", [last, above], { serverName: "c.test" });
  const key = make.curveKey();
  const barred = below(above, { subject: "twin", key, extensions: [...ca, stray] });
  const free = below(root, { subject: "twin", key });
  right("another way without the constraints", [issue(free), barred, above, free], {
    openssl: "OpenSSL takes one way and looks for no other",
  });
}
{
  const limits = nameConstraints({ permitted: [directory(sequence(org))] });
  const above = below(root, { subject: "dir", extensions: [...ca, limits] });
  right("the subject within a directory name", [
    issue(above, { subject: sequence(org, unit) }),
    above,
  ]);
  wrong("the subject outside of a directory name", [
    issue(above, { subject: sequence(unit) }),
    above,
  ]);
  right("no subject and a directory name", [issue(above, { subject: sequence() }), above]);
  const mails = nameConstraints({ permitted: [email("b.test")] });
  const post = below(root, { subject: "post", extensions: [...ca, mails] });
  const subject = (mail: string) => sequence(make.attribute("1.2.840.113549.1.9.1", mail, 0x16));
  right("mail in the subject", [issue(post, { subject: subject("me@b.test") }), post]);
  wrong("other mail in the subject", [issue(post, { subject: subject("me@c.test") }), post]);
}
