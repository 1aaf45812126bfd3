/**
 * Loads the packages of the client library that make an error when they are loaded, before the library itself. For the
 * position of an error V8 parses the file that is being loaded once more; with the library in it, that was an eighth of the
 * CPU time of a command.
 */
import "debug";
import "undici";
