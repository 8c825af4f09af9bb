// The code of an HTTP/3 connection that a client ends in good order.

/** H3_NO_ERROR (RFC 9114, Section 8.1): a closing client has nothing to complain of. */
export const NO_ERROR = 0x100;
