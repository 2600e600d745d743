// An Express app that answers with what busboy read in a form.
const express = require('express');
const busboy = require('busboy');

express().post('*', (request, response) => {
  const fields = [], files = [];
  const parser = busboy({headers: request.headers});
  parser.on('field', (name, value) => fields.push([name, value]));
  parser.on('file', (name, stream, info) => {
    let size = 0;
    stream.on('data', data => { size += data.length; });
    stream.on('end', () => files.push([name, info.filename, size]));
  });
  parser.on('close', () => response.json({fields, files}));
  request.pipe(parser);
}).listen(+process.argv[2], '127.0.0.1');
