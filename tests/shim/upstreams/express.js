// An Express app that answers with what busboy and Express's own parsers read in a request.
const express = require('express');
const busboy = require('busboy');

const app = express();
app.use(express.json({strict: false}), express.urlencoded({extended: true}));
app.all('*', (request, response) => {
  const query = request.query, body = request.body;
  if (!request.is('multipart/form-data')) {
    response.json({query, body});
    return;
  }
  const fields = [], files = [];
  const parser = busboy({headers: request.headers});
  parser.on('field', (name, value) => fields.push([name, value]));
  parser.on('file', (name, stream, info) => {
    let size = 0;
    stream.on('data', data => { size += data.length; });
    stream.on('error', () => {});
    stream.on('end', () => files.push([name, info.filename, size]));
  });
  let failure;
  parser.on('error', error => { failure = error; });
  parser.on('close', () => {
    if (failure) response.status(400).send(failure.message);
    else response.json({query, fields, files});
  });
  request.pipe(parser);
}).listen(+process.argv[2], '127.0.0.1');
