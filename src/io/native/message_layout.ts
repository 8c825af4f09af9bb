// Where the fields of a message lie that the system sends or receives, and what it calls its options.

/** `struct iovec`: a place and a length. */
export const IOVEC_SIZE = 16;

/** Where the fields of a `struct msghdr` are, behind the place of the name. */
export const NAME_LENGTH = 8;
export const IOVECS = 16;
export const IOVEC_COUNT = 24;
export const CONTROL = 32;
export const CONTROL_LENGTH = 40;

/** Where the fields of a `struct cmsghdr` are, behind its length, and the value behind it. */
export const CONTROL_LEVEL = 8;
export const CONTROL_TYPE = 12;
export const CONTROL_VALUE = 16;

/** `IPPROTO_IP` with `IP_PKTINFO`, and `IPPROTO_IPV6` with `IPV6_PKTINFO`. */
export const IP_PKTINFO = 8;
export const IPV6_PKTINFO = 50;
/** `sizeof(struct in_pktinfo)`, and where it has the address that a socket can answer from. */
export const V4_INFO_SIZE = 12;
export const V4_ADDRESS = 4;
/** `sizeof(struct in6_pktinfo)`, which begins with the address. */
export const V6_INFO_SIZE = 20;

/** `IPPROTO_IP` with `IP_TOS`, `IPPROTO_IPV6` with `IPV6_TCLASS`, `SOL_UDP` with `UDP_GRO`. */
export const IP = 0;
export const IP_TOS = 1;
export const IPV6 = 41;
export const IPV6_TCLASS = 67;
export const UDP = 17;
export const UDP_GRO = 104;
